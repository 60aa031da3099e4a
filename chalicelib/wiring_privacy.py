"""The composition root of what concerns everything about a person: erasure, export, the profile card.

As `wiring.py`: only entry files and tests import this.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from chalicelib.wiring import bus, clock, events, ids, personal_stores, profile, sealer

if TYPE_CHECKING:
    from chalicelib.profile.erasing import ErasureService
    from chalicelib.profile.exporting import ExportService
    from chalicelib.profile.knowing import CardService, Forgetting


@cache
def erasure() -> ErasureService:
    """Erasure of everything about a person."""
    from chalicelib.profile.erasing import ErasureService
    from chalicelib.profile.receipts import ReceiptTable
    from chalicelib.profile.store import ProfileTable

    return ErasureService(ProfileTable(), ReceiptTable(), personal_stores, sealer(), bus(), clock(), ids())


@cache
def exporting() -> ExportService:
    """Copies of everything about a person."""
    from chalicelib.profile.exporting import ExportService
    from chalicelib.profile.store import ProfileTable
    from chalicelib.runtime.exports import ExportBucket

    return ExportService(ExportBucket(), ProfileTable(), personal_stores, sealer(), bus(), clock(), ids())


@cache
def card() -> CardService:
    """What oO knows about a person."""
    from chalicelib.profile.knowing import CardService
    from chalicelib.profile.knowledge import KnowledgeTables
    from chalicelib.profile.store import ProfileTable

    return CardService(profile(), ProfileTable(), KnowledgeTables(), sealer(), bus(), clock(), ids())


@cache
def forgetting() -> Forgetting:
    """Removes what is behind a line of the card."""
    from chalicelib.profile.knowing import Forgetting
    from chalicelib.profile.knowledge import KnowledgeTables

    return Forgetting(KnowledgeTables(), personal_stores, events().delete, bus())
