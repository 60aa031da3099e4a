"""The composition root of connections to third parties.

As `wiring.py`: only entry files and tests import this.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from chalicelib.wiring import bus, clock, consents, events, ids, profile, sealer

if TYPE_CHECKING:
    from chalicelib.integrations.revoking import Revoking
    from chalicelib.integrations.service import IntegrationsService, Sources
    from chalicelib.integrations.sync import Syncing
    from chalicelib.integrations.vault import TokenVault


@cache
def sources() -> Sources:
    """The third parties of this stage."""
    from chalicelib.integrations.service import Sources
    from chalicelib.integrations.sources import configured_sources
    from chalicelib.runtime.settings import settings

    return Sources(configured_sources(settings()))


@cache
def integrations() -> IntegrationsService:
    """Connections: made, shown, ended."""
    from chalicelib.integrations.service import IntegrationsService
    from chalicelib.integrations.store import ConnectionTable
    from chalicelib.runtime.settings import settings

    return IntegrationsService(
        sources(), ConnectionTable(), vault(), revoking(), consents(), sealer(), clock(), ids(),
        settings().public_url,
    )  # fmt: skip


@cache
def vault() -> TokenVault:
    """Access tokens of connections, renewed where needed."""
    from chalicelib.integrations.store import ConnectionTable
    from chalicelib.integrations.vault import TokenVault

    return TokenVault(sources(), ConnectionTable(), sealer(), revoking(), clock(), ids())


@cache
def syncing() -> Syncing:
    """Reads connected sources; what it finds enters as signals do."""
    from zoneinfo import ZoneInfo

    from chalicelib.integrations.store import ConnectionTable
    from chalicelib.integrations.sync import Syncing

    def zone(person_id: str) -> ZoneInfo:
        return ZoneInfo(profile().profile(person_id).timezone)

    return Syncing(sources(), ConnectionTable(), vault(), consents(), events().receive, zone, clock())


@cache
def revoking() -> Revoking:
    """Tells providers that grants have ended, by the queue."""
    from chalicelib.integrations.revoking import Revoking
    from chalicelib.runtime.person_keys import KmsKeyWrapper
    from chalicelib.runtime.settings import settings

    return Revoking(sources(), KmsKeyWrapper(settings().key_alias), bus(), clock(), ids())
