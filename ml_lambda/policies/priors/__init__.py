"""What a policy believes before it knows a person: versioned artifacts, data and no code.

Two forms share one class. **Judged** (`<version>.json` beside this file): a mean per feature, those not
named are 0, and one precision, the weight of the belief in decisions. **Pooled** (written by the nightly
refit, `policies/pooling.py`): what all people have in common and how far they differ, by named column.
The version is logged with every decision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from chalicelib.domain.features import FEATURE_VERSION
from ml_lambda.policies.base import Matrix, Vector

DEFAULT: Final = "first-1"

NOISE: Final = 0.16
"""The variance of a reward around its expectation where nobody measured it: settled rewards lie in [0, 1]
and are mostly 0 or 1."""


@dataclass(frozen=True)
class Forgetting:
    """How likely each pace of forgetting is. `half_lives` in days, 0 forgets nothing; shares sum to 1.

    `change`: how likely a person's taste turned at some time instead.
    """

    half_lives: tuple[float, ...]
    shares: tuple[float, ...]
    change: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for paces and shares that do not belong together."""
        if not self.half_lives or len(self.half_lives) != len(self.shares):
            raise ValueError("a forgetting mixture has one share per half-life")
        if min(self.half_lives) < 0 or min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError("half-lives are at least 0, shares sum to 1")
        if not 0.0 <= self.change < 1.0:
            raise ValueError("a change is likely to at least 0 and less than 1")


@dataclass(frozen=True)
class Pooled:
    """θ_person = θ + w, w ~ N(0, diag(between)); θ ~ N(mean, covariance); rewards have variance `noise`."""

    columns: tuple[str, ...]
    mean: Vector
    covariance: Matrix
    between: Vector
    noise: float
    forgetting: Forgetting | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for shapes or values that are no such belief."""
        d = len(self.columns)
        if len(set(self.columns)) != d:
            raise ValueError("a column is named twice")
        if self.mean.shape != (d,) or self.between.shape != (d,) or self.covariance.shape != (d, d):
            raise ValueError("mean, between and covariance follow the columns")
        numbers = (self.mean, self.between, self.covariance, np.asarray(self.noise))
        if not all(np.isfinite(n).all() for n in numbers) or self.noise <= 0 or self.between.min() <= 0:
            raise ValueError("variances are finite and above 0")
        if np.abs(self.covariance - self.covariance.T).max() > 1e-9 or np.diag(self.covariance).min() < 0:
            raise ValueError("a covariance is symmetric")


@dataclass(frozen=True)
class Prior:
    """A normal belief about a person's weights. `means` and `precision` are there in both forms."""

    version: str
    precision: float
    """One precision for all columns, in units of the noise: the belief weighs that many decisions."""
    means: Mapping[str, float]
    pooled: Pooled | None = None
    about: str = ""
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What else the artifact says (lineage); kept as it is."""

    def mean(self, names: Sequence[str]) -> list[float]:
        """The means in the order of the columns."""
        return [self.means.get(name, 0.0) for name in names]

    def belief(self, names: Sequence[str]) -> Pooled:
        """The pooled form over exactly these columns, in this order.

        A judged prior says how sure it is of one person, not of what people share: it counts as certain of
        the mean, people differing by its whole variance. A column the artifact does not know gets mean 0
        and the widest variances of those it knows.
        """
        d = len(names)
        if self.pooled is None:
            return Pooled(
                columns=tuple(names),
                mean=np.asarray(self.mean(names), dtype=np.float64),
                covariance=np.zeros((d, d)),
                between=np.full(d, NOISE / self.precision),
                noise=NOISE,
            )
        known, own = self.pooled, {name: i for i, name in enumerate(self.pooled.columns)}
        if known.columns == tuple(names):
            return known
        mean, between = np.zeros(d), np.full(d, known.between.max())
        covariance = np.diag(np.full(d, np.diag(known.covariance).max()))
        here = [i for i, name in enumerate(names) if name in own]
        there = [own[names[i]] for i in here]
        mean[here], between[here] = known.mean[there], known.between[there]
        covariance[np.ix_(here, here)] = known.covariance[np.ix_(there, there)]
        return Pooled(tuple(names), mean, covariance, between, known.noise, known.forgetting)

    @classmethod
    def from_pooled(cls, version: str, pooled: Pooled, about: str = "", **lineage: Any) -> Prior:
        """A prior of a refit. `precision`: what the mean variance of one person's weight is worth."""
        variance = float(np.mean(np.diag(pooled.covariance) + pooled.between))
        means = dict(zip(pooled.columns, pooled.mean.tolist(), strict=True))
        return cls(version, pooled.noise / variance, means, pooled, about, lineage)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Prior:
        """Read either form. Raises ValueError: not a prior, or one for another layout of the features."""
        try:
            if document["feature_version"] != FEATURE_VERSION:
                raise ValueError(
                    f"prior {document['version']} is for feature version {document['feature_version']}"
                )
            version, about = str(document["version"]), str(document.get("about", ""))
            lineage = {name: document[name] for name in document if name not in _FIELDS}
            if "columns" not in document:
                means = {str(name): float(value) for name, value in document["means"].items()}
                return cls(version, float(document["precision"]), means, None, about, lineage)
            forgetting = document.get("forgetting")
            pooled = Pooled(
                columns=tuple(document["columns"]),
                mean=np.asarray(document["mean"], dtype=np.float64),
                covariance=_square(document["covariance"]),
                between=np.asarray(document["between"], dtype=np.float64),
                noise=float(document["noise"]),
                forgetting=Forgetting(
                    tuple(map(float, forgetting["half_life_days"])),
                    tuple(map(float, forgetting["shares"])),
                    float(forgetting.get("change", 0.0)),
                )
                if forgetting
                else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a prior: {error!r}") from None
        return cls.from_pooled(version, pooled, about, **lineage)

    def to_document(self) -> dict[str, Any]:
        """Plain JSON values; `from_document` reads them back to the same numbers."""
        head = {"version": self.version, "feature_version": FEATURE_VERSION, "about": self.about}
        if self.pooled is None:
            return {**self.document, **head, "precision": self.precision, "means": dict(self.means)}
        p = self.pooled
        forgetting = (
            {
                "forgetting": {
                    "half_life_days": list(p.forgetting.half_lives),
                    "shares": list(p.forgetting.shares),
                    "change": p.forgetting.change,
                }
            }
            if p.forgetting
            else {}
        )
        return {
            **self.document,
            **head,
            "columns": list(p.columns),
            "mean": p.mean.tolist(),
            "covariance": [row[: i + 1] for i, row in enumerate(p.covariance.tolist())],
            "between": p.between.tolist(),
            "noise": p.noise,
            **forgetting,
        }


_FIELDS: Final = frozenset(
    [
        "version",
        "feature_version",
        "about",
        "precision",
        "means",
        "columns",
        "mean",
        "covariance",
        "between",
        "noise",
        "forgetting",
    ]
)


def _square(rows: Sequence[Sequence[float]]) -> Matrix:
    """A symmetric matrix from the rows of its lower triangle."""
    d = len(rows)
    square = np.zeros((d, d))
    for i, row in enumerate(rows):
        if len(row) != i + 1:
            raise ValueError("a covariance is written as the rows of its lower triangle")
        square[i, : i + 1] = row
    return np.asarray(np.tril(square) + np.tril(square, -1).T)


@cache
def load_prior(version: str = DEFAULT) -> Prior:
    """A prior shipped with the code. Raises ValueError when it is for another layout of the features."""
    return parse_prior(version, _file(version).read_text("utf-8"))


def parse_prior(version: str, text: str) -> Prior:
    """A prior of either form from its JSON. Raises ValueError: another's, or for another layout."""
    prior = Prior.from_document(json.loads(text))
    if prior.version != version:
        raise ValueError(f"prior {version} calls itself {prior.version}")
    return prior


def shipped(version: str) -> bool:
    """Whether a prior of that version comes with the code."""
    return _file(version).is_file()


def _file(version: str) -> Path:
    return Path(__file__).parent / f"{version}.json"
