"""What serves in a world, and the night's refit of what everybody has in common.

The refit itself and the step to the next manifest are those of `pipelines/training.py`; what lies around them
there (the log in a bucket, the registry, the least number of people) has no place in a world.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from ml_lambda.experiments.manifests import Published
from ml_lambda.pipelines.refit import history_of_state, refit
from ml_lambda.pipelines.training import POOLING
from ml_lambda.policies.priors import Prior
from ml_lambda.policies.store import StoredState
from ml_lambda.registry import transitions
from ml_lambda.serving.configuration import Configuration


class Nights:
    """Serves (`serving/configuration.py`): one configuration by day, perhaps another after the night."""

    def __init__(self, first: Configuration) -> None:
        self.served = [first]
        """Every configuration there was, by the version of its manifest."""

    def current(self) -> Configuration:
        """What serves now."""
        return self.served[-1]

    def night(self, states: Iterable[StoredState], now: datetime) -> None:
        """Refit the priors of policies that pool, and let them serve with the new one from now on."""
        manifest = self.current().manifest
        pooling = [spec.id for spec in manifest.policies if spec.policy in POOLING]
        known = [state.states[i] for state in states for i in pooling if i in state.states]
        histories = [history for one in known if (history := history_of_state(one))]
        if not histories:
            return
        found = refit(histories)
        prior = Prior.from_pooled(found.version, found.pooled)
        changed = transitions.with_priors(manifest, dict.fromkeys(pooling, prior.version), now)
        published = Published(changed, {prior.version: json.dumps(prior.to_document())})
        self.served.append(Configuration.published(published))
