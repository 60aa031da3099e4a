"""One operation for what serves and for what the registry says of it.

What serves is the manifest in the table `models`; the registry says where it came from. A step goes

1. every policy of the new manifest is a version of the registry, and that is durable;
2. the manifest comes into force, conditionally: nobody else published meanwhile;
3. the registry's aliases follow the manifest.

Cut off after 1, nothing serves that was not meant to. Cut off after 2, the aliases are behind until the
next run of anything here, which begins by letting them follow. They never lead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from chalicelib.contracts.experiments import GateState, Manifest, PolicySpec
from chalicelib.contracts.ports import Clock
from chalicelib.runtime.logging import Logger
from ml_lambda.experiments.manifests import Published
from ml_lambda.policies.priors import DEFAULT, load_prior
from ml_lambda.registry.code import code_version
from ml_lambda.registry.contract import Alias, Lineage, Registry


class Manifests(Protocol):
    """What publishing needs of `experiments/manifests.py`."""

    def current(self) -> Published | None: ...  # noqa: D102
    def publish(self, manifest: Manifest) -> None: ...  # noqa: D102
    def prior(self, version: str) -> str | None: ...  # noqa: D102
    def keep_prior(self, version: str, body: str) -> None: ...  # noqa: D102
    def gate(self, experiment: str) -> GateState | None: ...  # noqa: D102
    def observed(self, experiment: str) -> Mapping[str, frozenset[int]]: ...  # noqa: D102
    def keep_gate(  # noqa: D102
        self, state: GateState, before: GateState | None, observed: Mapping[str, Collection[int]]
    ) -> None: ...


class Publisher:
    """Publishes manifests and lets the registry follow."""

    def __init__(
        self,
        registry: Registry,
        manifests: Manifests,
        bootstrap: Callable[[], Manifest],
        clock: Clock,
        log: Logger,
    ) -> None:
        """`bootstrap`: what serves while nothing was published."""
        self.registry = registry
        self.manifests = manifests
        self._bootstrap = bootstrap
        self._clock = clock
        self._log = log

    def current(self) -> Manifest:
        """What serves now."""
        published = self.manifests.current()
        return published.manifest if published else self._bootstrap()

    def follow(self) -> Manifest:
        """Let the registry say what serves now; what serves. Again changes nothing."""
        manifest = self.current()
        for spec in manifest.policies:
            self._register(spec, "found serving")
        challenger = manifest.experiment.challenger if manifest.experiment else None
        wanted: dict[Alias, str | None] = {"champion": manifest.champion, "challenger": challenger}
        for alias, policy_id in wanted.items():
            version = self.registry.find(manifest.spec(policy_id)) if policy_id else None
            standing = self.registry.aliased(alias)
            if (version and version.number) != (standing and standing.number):
                self.registry.set_alias(alias, version.number if version else None)
        self.registry.commit()
        return manifest

    def publish(self, step: Callable[[Manifest], Manifest], reason: str) -> Manifest:
        """Take one step from what serves now. Raises NotPossible, ManifestConflict and RegistryBusy."""
        before = self.current()
        after = step(before)
        for spec in after.policies:
            self._register(spec, reason)
        self.registry.commit()
        self.manifests.publish(after)
        self._log.info(
            "manifest",
            version=after.version,
            champion=after.champion,
            challenger=after.experiment.challenger if after.experiment else "",
            rho=after.experiment.rho if after.experiment else 0.0,
            reason=reason,
        )
        served = self.registry.find(after.spec(after.champion))
        if served:
            self.registry.note(served.number, f"manifest.{after.version}", reason)
        self.follow()
        return after

    def prior_text(self, spec: PolicySpec) -> str:
        """The JSON of the prior that a policy serves with."""
        version = spec.prior or DEFAULT
        return self.manifests.prior(version) or json.dumps(load_prior(version).to_document())

    def _register(self, spec: PolicySpec, reason: str) -> None:
        if self.registry.find(spec) is None:
            lineage = Lineage(code=code_version(), reason=reason)
            self.registry.register(spec, self.prior_text(spec), lineage)
