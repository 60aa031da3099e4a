"""What a policy believes before it knows a person: versioned files beside this one.

A prior is data, not code: `<version>.json` names a mean per feature (those not named are 0) and one
precision, the weight of the belief in decisions. Its version is logged with every decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from chalicelib.domain.features import FEATURE_VERSION

DEFAULT: Final = "first-1"


@dataclass(frozen=True)
class Prior:
    """A normal belief about the weights: independent, one precision for all."""

    version: str
    precision: float
    means: Mapping[str, float]

    def mean(self, names: Sequence[str]) -> list[float]:
        """The means in the order of the columns."""
        return [self.means.get(name, 0.0) for name in names]


@cache
def load_prior(version: str = DEFAULT) -> Prior:
    """The prior of that version. Raises ValueError when it is for another layout of the features."""
    document = json.loads((Path(__file__).parent / f"{version}.json").read_text("utf-8"))
    if document["feature_version"] != FEATURE_VERSION:
        raise ValueError(f"prior {version} is for feature version {document['feature_version']}")
    return Prior(version, float(document["precision"]), document["means"])
