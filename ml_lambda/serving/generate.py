"""Handler `generate`: words what could be said to a person soon, so that it is ready before they ask."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.runtime.clock import SystemClock
from chalicelib.runtime.logging import logger
from chalicelib.runtime.person_keys import make_sealer
from chalicelib.runtime.settings import settings
from ml_lambda.llm.budget import TokenBudget
from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import TIP_GENERATOR
from ml_lambda.llm.wording import Worder
from ml_lambda.serving.generating import Generating
from ml_lambda.serving.leases import LeaseTable
from ml_lambda.serving.leasing import Leasing
from ml_lambda.serving.pool_reads import PoolReads
from ml_lambda.serving.pools import PoolTable
from ml_lambda.serving.refilling import Refilling
from ml_lambda.serving.theming import Theming


@cache
def models() -> HttpModels:
    """Where models are asked for; keeps connections for as long as this process lives."""
    return HttpModels.of(settings(), budget=TokenBudget())


def refilling() -> Leasing:
    """Who fills pools, one at a time for each person, with the models and the budgets of the settings."""
    mode, clock = settings().wording_mode, SystemClock()

    def words(person_id: str) -> Worder:
        embedder = models().embedder(person_id)
        return Worder(models().chat(TIP_GENERATOR, person_id), mode, embedder=embedder)

    sealer = make_sealer()
    themes = Theming(sealer, lambda person_id: models().embedder(person_id), settings().theme_alike)
    return Leasing(Refilling(PoolReads(), PoolTable(), sealer, words, themes, clock), LeaseTable(), clock)


@cache
def generating() -> Generating:
    """The service, built at the first call of this process; without an address of models it does nothing."""
    return Generating(refilling if settings().litellm_url else None, logger("generate"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Refill the pool of each person named; report the messages that failed."""
    return generating().handle_batch(event, lambda: context.get_remaining_time_in_millis() / 1000)
