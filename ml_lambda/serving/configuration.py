"""Which policies serve: the published manifest as learners, and how a process keeps up with it.

A process reads the manifest with its first request and again when what it knows is a minute old, so a new
champion serves within a minute, without a deploy and without a cold start. A manifest that this code cannot
serve (another's policy, a prior for other features) changes nothing: what served goes on, and it is logged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, Protocol

import numpy as np

from chalicelib.contracts.experiments import Manifest, PolicySpec
from chalicelib.domain.features import CONTEXT_DIMENSION, DIMENSION
from chalicelib.runtime.logging import Logger
from chalicelib.runtime.settings import settings
from ml_lambda.experiments.bootstrap import manifest_of
from ml_lambda.experiments.manifests import Published, parse_published
from ml_lambda.policies import Learner, make
from ml_lambda.policies.priors import DEFAULT, Prior, load_prior, parse_prior

RENEW_AFTER: Final = 60.0
"""Seconds after which a process asks again what serves."""

Row = Mapping[str, Any]


class Serves(Protocol):
    """Whoever knows what serves now."""

    def current(self) -> Configuration:
        """One configuration, to be used for a whole request."""


@dataclass(frozen=True)
class Configuration:
    """A manifest with its priors, ready to make learners. By itself it is what serves, always."""

    manifest: Manifest
    priors: Mapping[str, Prior] = field(default_factory=dict)
    """Those that do not come with the code, by version."""

    @classmethod
    def of(cls, champion: str, *shadows: str, **hyper: float) -> Configuration:
        """Policies by their names, with the prior that comes with the code and nothing to try."""
        names = list(dict.fromkeys([champion, *shadows]))
        specs = [PolicySpec(id=name, policy=name, hyper=hyper) for name in names]
        return cls(Manifest(version=0, policies=specs, champion=champion, shadows=names[1:]))

    @classmethod
    def published(cls, published: Published) -> Configuration:
        """What was published. Raises ValueError or TypeError when this code cannot serve it."""
        priors = {version: parse_prior(version, text) for version, text in published.priors.items()}
        made = cls(published.manifest, priors)
        for policy_id in made.policies:
            made.learner(policy_id).probabilities(np.zeros(CONTEXT_DIMENSION), np.zeros((2, DIMENSION)))
        return made

    def current(self) -> Configuration:
        """Itself."""
        return self

    @cached_property
    def digest(self) -> str:
        """Of the manifest and the versions of its policies: a decision and a marker say by it what served."""
        versions = [f"{policy_id}@{self.learner(policy_id).version}" for policy_id in self.policies]
        return sha256("\n".join([self.manifest.digest, *versions]).encode()).hexdigest()[:12]

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The ids of all that have a role, the most important first: each speaks and learns."""
        manifest, experiment = self.manifest, self.manifest.experiment
        named = [
            manifest.champion,
            experiment.challenger if experiment else "",
            manifest.holdback,
            *manifest.shadows,
        ]
        return tuple(dict.fromkeys(policy_id for policy_id in named if policy_id))

    def learner(self, policy_id: str, seed: int = 0) -> Learner:
        """A fresh learner that knows its prior alone. KeyError when no policy has this id."""
        spec = self.manifest.spec(policy_id)
        # JSON knows one kind of number; a count of draws has to be whole.
        hyper = {n: int(value) if value.is_integer() else value for n, value in spec.hyper.items()}
        return make(spec.policy, DIMENSION, CONTEXT_DIMENSION, seed, prior=self._prior(spec), **hyper)

    def prior_version(self, policy_id: str) -> str:
        """The version of the prior that a policy serves with."""
        return self.manifest.spec(policy_id).prior or DEFAULT

    def _prior(self, spec: PolicySpec) -> Prior:
        return self.priors.get(spec.prior) or load_prior(spec.prior or DEFAULT)


class Serving:
    """What serves as this process knows it, renewed by whoever reads the table `models`."""

    def __init__(
        self,
        first: Configuration,
        log: Logger,
        read: Callable[[], Row | None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`first`: what serves while nothing was published. `read`: reads the manifest's row when it is due;
        None: somebody hands it over with `take` as part of another read.
        """
        self._configuration = first
        self._log = log
        self._read = read
        self._monotonic = monotonic
        self._taken: float | None = None

    @property
    def due(self) -> bool:
        """Whether the row should be read again."""
        return self._taken is None or self._monotonic() - self._taken >= RENEW_AFTER

    def take(self, row: Row | None) -> None:
        """The row as it is now; None: nothing was published yet, so what served goes on."""
        self._taken = self._monotonic()
        if row is None:
            return
        version = int(row["version"]["N"])
        if version == self._configuration.manifest.version:
            return
        try:
            self._configuration = Configuration.published(parse_published(row))
        except (ValueError, TypeError, KeyError) as error:
            self._log.error("a manifest that cannot be served", version=version, error=type(error).__name__)
            return
        self._log.info("manifest", version=version, champion=self._configuration.manifest.champion)

    def current(self) -> Configuration:
        """What serves now."""
        if self._read is not None and self.due:
            self.take(self._read())
        return self._configuration


def first() -> Configuration:
    """What serves while nothing was published: the settings."""
    return Configuration(manifest_of(settings()))
