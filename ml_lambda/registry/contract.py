"""What a registry keeps: versions of a policy with its prior, two aliases, and what each night found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, Literal, Protocol

from chalicelib.contracts.experiments import PolicySpec
from ml_lambda.policies.priors import DEFAULT

Alias = Literal["champion", "challenger"]
ALIASES: Final[tuple[Alias, ...]] = ("champion", "challenger")


class RegistryBusy(Exception):
    """Another night wrote the registry meanwhile; what it wrote stays. Run again."""


@dataclass(frozen=True)
class Lineage:
    """Where a version came from. Counts, never ids of people or decisions."""

    code: str
    """`code_version()` of what made it."""
    window_from: date | None = None
    window_until: date | None = None
    """The days of the decision log that it rests on; None: on none."""
    decisions: int = 0
    people: int = 0
    parent: int | None = None
    """The version it goes on from."""
    reason: str = ""


@dataclass(frozen=True)
class Version:
    """One registered version: the policy, its parameters and its prior, which together are what serves."""

    number: int
    spec: PolicySpec
    lineage: Lineage
    aliases: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    registered_at: datetime | None = None


@dataclass(frozen=True)
class Night:
    """What one run of a pipeline found."""

    pipeline: Literal["train", "evaluate"]
    day: date
    metrics: Mapping[str, float]
    files: Mapping[str, str]
    """Text by name: the report, its numbers, its plots."""
    parameters: Mapping[str, str] = field(default_factory=dict)


class Registry(Protocol):
    """A model registry. `mlflow_registry.py` is the one there is."""

    def register(
        self,
        spec: PolicySpec,
        prior: str,
        lineage: Lineage,
        metrics: Mapping[str, float] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Version:
        """A version for this policy and prior (JSON text); the one there is when they are known already."""

    def find(self, spec: PolicySpec) -> Version | None:
        """The version of exactly this policy, parameters and prior version."""

    def versions(self, most: int = 50) -> Sequence[Version]:
        """The latest versions, newest first."""

    def aliased(self, alias: Alias) -> Version | None:
        """The version an alias stands at."""

    def set_alias(self, alias: Alias, version: int | None) -> None:
        """Move an alias, or take it away."""

    def note(self, version: int, what: str, reason: str) -> None:
        """Remember why something was done with a version."""

    def artifact(self, version: int) -> dict[str, Any]:
        """What was registered: `{"spec": ..., "prior": ...}`."""

    def record(self, night: Night) -> None:
        """Keep what a night found; the same pipeline and day again replaces it."""

    def commit(self) -> None:
        """Make durable what was written so far. Raises RegistryBusy."""


def artifact_text(spec: PolicySpec, prior: str) -> str:
    """The artifact's canonical text: what the fingerprint is taken of and what is kept."""
    document = {"spec": spec.model_dump(mode="json"), "prior": json.loads(prior) if prior else None}
    return json.dumps(document, indent=1, sort_keys=True)


def fingerprint(spec: PolicySpec) -> str:
    """Names a version's content. A prior's version names its content, so the spec says all."""
    whole = {**spec.model_dump(mode="json"), "prior": spec.prior or DEFAULT}
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]
