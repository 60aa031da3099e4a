"""The night's first half: refit what everybody has in common, and let the policies that use it serve with it.

Reads the window of the decision log (who was there), then statistics of a bounded sample of those people,
by key. Who does not consent to learning any more, or was erased, is not in the sample, so their share is
gone with the next refit: a refit starts from nothing each night.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from chalicelib.contracts.experiments import Manifest, PolicySpec
from chalicelib.contracts.ports import Clock
from chalicelib.runtime.logging import Logger
from ml_lambda.pipelines import people
from ml_lambda.pipelines.log import DAYS, Day, Logged
from ml_lambda.pipelines.refit import Refit, history_of_log, history_of_state, refit
from ml_lambda.pipelines.report import refits
from ml_lambda.policies.history import History
from ml_lambda.policies.priors import Prior
from ml_lambda.policies.store import StoredState
from ml_lambda.registry import transitions
from ml_lambda.registry.code import code_version
from ml_lambda.registry.contract import Lineage, Night
from ml_lambda.registry.publishing import Publisher

POOLING: Final = frozenset({"mixed_ts"})
"""Policies that make use of a pooled prior."""
SUMMARY: Final = "train.json"


class DecisionLog(Protocol):
    """What the night reads of the log (`log.py`)."""

    def day(self, day: date) -> Day: ...  # noqa: D102


class People(Protocol):
    """What it reads of people (`people.py`)."""

    def consenting(self, people: Sequence[str]) -> set[str]: ...  # noqa: D102
    def statistics(self, people: Sequence[str]) -> Mapping[str, StoredState]: ...  # noqa: D102


class Reports(Protocol):
    """Where reports are kept (`reports.py`)."""

    def keep(self, day: date, name: str, text: str) -> str: ...  # noqa: D102
    def latest(self, name: str) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class Trained:
    """What a refit came to; counts and versions, no ids."""

    day: str
    outcome: str
    """`published`, `unchanged`, `kept` (no policy serves with it), `too few people` or `nothing to learn
    from`."""
    window: str
    people: int
    left_out: int
    """People of the sample who do not consent to learning, or have gone."""
    decisions: int
    prior: str = ""
    version: int = 0
    """The registry's."""
    manifest: int = 0
    half_life_days: float = 0.0
    better: float = 0.0
    """ln p per decision above the usual variances."""


class Training:
    """One refit. Running it again, after a crash or in the same night, changes nothing that is done."""

    def __init__(
        self,
        log: DecisionLog,
        people: People,
        reports: Reports,
        clock: Clock,
        said: Logger,
        least_people: int,
    ) -> None:
        """`least_people`: with fewer, a prior would tell of single ones, so none is made."""
        self._log = log
        self._people = people
        self._reports = reports
        self._clock = clock
        self._said = said
        self._least = least_people

    def run(self, publisher: Publisher) -> Trained:
        """Refit, publish, record. Raises RegistryBusy and ManifestConflict: run again."""
        now = self._clock.now()
        manifest = publisher.follow()
        days = [self._log.day(now.date() - timedelta(days=back)) for back in range(DAYS - 1, -1, -1)]
        logged = [x for day in days for x in day.logged]
        sampled = people.sample(x.decision.person_id for x in logged)
        willing = self._people.consenting(sampled)
        histories = self._histories([p for p in sampled if p in willing], logged, manifest)
        window = f"{days[0].day} to {days[-1].day}"
        trained = Trained(
            day=now.date().isoformat(),
            outcome="nothing to learn from",
            window=window,
            people=len(histories),
            left_out=len(sampled) - len(willing),
            decisions=sum(h.count for h in histories),
        )
        found = None
        if 0 < len(histories) < self._least:
            trained = replace(trained, outcome="too few people")
        elif histories:
            found = refit(histories)
            trained = self._publish(found, trained, publisher, now, (days[0].day, days[-1].day))
        self._record(trained, found, publisher, now)
        return trained

    def _histories(
        self, chosen: Sequence[str], logged: Sequence[Logged], manifest: Manifest
    ) -> list[History]:
        """Of each person with any reward: their statistics, else what the log says of them."""
        ids = [spec.id for spec in manifest.policies if spec.policy in POOLING]
        stored = self._people.statistics(chosen) if ids else {}
        own: dict[str, list[Logged]] = defaultdict(list)
        for one in logged:
            own[one.decision.person_id].append(one)
        found = []
        for person in chosen:
            states = stored[person].states if person in stored else {}
            known = (history_of_state(states[i]) for i in ids if i in states)
            history = next((h for h in known if h), None) or history_of_log(own[person])
            if history:
                found.append(history)
        return found

    def _publish(
        self, found: Refit, trained: Trained, publisher: Publisher, now: datetime, window: tuple[date, date]
    ) -> Trained:
        version = found.version
        reason = f"refit on {found.decisions} decisions of {found.people} people"
        lineage = Lineage(
            code=code_version(),
            window_from=window[0],
            window_until=window[1],
            decisions=found.decisions,
            people=found.people,
            reason=reason,
        )
        text = publisher.manifests.prior(version)
        if text is None:
            prior = Prior.from_pooled(
                version,
                found.pooled,
                about=f"Pooled over {found.people} people.",
                window=trained.window,
                decisions=found.decisions,
                code=lineage.code,
            )
            text = json.dumps(prior.to_document())
            publisher.manifests.keep_prior(version, text)
        manifest = publisher.current()
        served = [spec for spec in manifest.policies if spec.policy in POOLING]
        number = 0
        for spec in served or [PolicySpec(id="mixed_ts", policy="mixed_ts")]:
            parent = publisher.registry.find(spec)
            made = publisher.registry.register(
                spec.model_copy(update={"prior": version}),
                text,
                replace(lineage, parent=parent.number if parent else None),
                found.metrics(),
                refits.plots(found),
            )
            number = max(number, made.number)
        publisher.registry.commit()
        changed = {spec.id: version for spec in served if spec.prior != version}
        if changed:
            manifest = publisher.publish(lambda m: transitions.with_priors(m, changed, now), reason)
        outcome = "published" if changed else "unchanged" if served else "kept"
        return replace(
            trained,
            outcome=outcome,
            prior=version,
            version=number,
            manifest=manifest.version,
            half_life_days=round(found.half_life, 1),
            better=round(found.after - found.before, 4),
        )

    def _record(self, trained: Trained, found: Refit | None, publisher: Publisher, now: datetime) -> None:
        text = json.dumps(asdict(trained), indent=1)
        self._reports.keep(now.date(), SUMMARY, text)
        files = {SUMMARY: text, **(refits.plots(found) if found else {})}
        metrics = found.metrics() if found else {"people": float(trained.people)}
        publisher.registry.record(Night("train", now.date(), metrics, files, {"outcome": trained.outcome}))
        publisher.registry.commit()
        self._said.info("trained", **asdict(trained))
        self._said.metric("oO/nightly", trained=1, people=trained.people, decisions=trained.decisions)
