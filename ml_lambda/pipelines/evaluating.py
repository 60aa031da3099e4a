"""The night's second half: judge every policy on the log, feed the gate, take the one step that it allows,
write the report. Running it again, in the same night or after a crash, observes nothing twice and takes no
second step: each step needs evidence that only what it leads to can bring.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from chalicelib.contracts.experiments import GateState, Manifest
from chalicelib.contracts.ports import Clock
from chalicelib.runtime.logging import Logger
from ml_lambda.experiments.guardrails import Guardrail, breached
from ml_lambda.experiments.manifests import ManifestConflict
from ml_lambda.pipelines import deciding, describing, gating, guarding, judging, lifting
from ml_lambda.pipelines.deciding import Findings, Ruling
from ml_lambda.pipelines.evidence import Evidence, evidence, predictions
from ml_lambda.pipelines.log import DAYS, Day, Logged
from ml_lambda.pipelines.report import content, page
from ml_lambda.pipelines.report.content import Basis, Report
from ml_lambda.pipelines.training import SUMMARY, DecisionLog, Reports
from ml_lambda.policies.base import Vector
from ml_lambda.registry.contract import Night
from ml_lambda.registry.publishing import Publisher

PAGE: Final = "evaluate.html"
NUMBERS: Final = "evaluate.json"


class Consenting(Protocol):
    """What it reads of people (`people.py`)."""

    def consenting(self, people: Sequence[str]) -> set[str]: ...  # noqa: D102
    def muted(self, people: Sequence[str], since: datetime) -> set[str]: ...  # noqa: D102


@dataclass(frozen=True)
class Evaluated:
    """What a night came to; counts and names, no ids."""

    day: str
    step: str
    reason: str
    state: str
    """How things stand after the step, in a sentence."""
    change: str
    """What would change that."""
    manifest: int
    decisions: int
    rewards: int
    people: int
    observed: int
    """Rewards that the gate observed tonight."""
    report: str
    """Key of the page in the registry's bucket."""


@dataclass(frozen=True)
class _Seen:
    """What was read, and who of it may be learned from."""

    days: Sequence[Day]
    logged: Sequence[Logged]
    left_out: int
    known: Evidence
    predicted: Sequence[Vector]

    @property
    def people(self) -> int:
        return len({x.decision.person_id for x in self.logged})


@dataclass(frozen=True)
class _Found:
    """What the rule needs, and what beside it only the report tells."""

    said: Findings
    people: Mapping[str, int]
    """Distinct people by arm."""
    guardrails: Sequence[Guardrail]


class Evaluation:
    """One evaluation."""

    def __init__(
        self, log: DecisionLog, people: Consenting, reports: Reports, clock: Clock, said: Logger
    ) -> None:
        self._log = log
        self._people = people
        self._reports = reports
        self._clock = clock
        self._said = said

    def run(self, publisher: Publisher) -> Evaluated:
        """Judge, step, report. Raises RegistryBusy and ManifestConflict: run again."""
        now = self._clock.now()
        before = publisher.follow()
        seen = self._read(now.date())
        fed = self._feed(publisher, before, seen)
        found = _findings(before, seen, fed, self._muted(before, seen))
        ruling = deciding.rule(before, found.said)
        after = self._step(publisher, before, ruling, now)
        report = self._written(before, after, seen, found, ruling, now)
        key = self._keep(publisher, report, now.date())
        done = Evaluated(
            day=now.date().isoformat(),
            step=ruling.step,
            reason=ruling.reason,
            state=report.state,
            change=report.change,
            manifest=after.version,
            decisions=len(seen.logged),
            rewards=len(seen.known),
            people=seen.people,
            observed=fed.observed if fed else 0,
            report=key,
        )
        self._said.info("evaluated", **asdict(done))
        self._said.metric("oO/nightly", evaluated=1, rewards=done.rewards, observed=done.observed)
        return done

    def _read(self, until: date) -> _Seen:
        days = [self._log.day(until - timedelta(days=back)) for back in range(DAYS - 1, -1, -1)]
        logged = [x for day in days for x in day.logged]
        willing = self._people.consenting(sorted({x.decision.person_id for x in logged}))
        kept = [x for x in logged if x.decision.person_id in willing]
        known = evidence(kept)
        return _Seen(days, kept, len(logged) - len(kept), known, predictions(known))

    def _feed(self, publisher: Publisher, manifest: Manifest, seen: _Seen) -> gating.Fed | None:
        experiment = manifest.experiment
        if experiment is None or experiment.phase != "canary":
            return None
        window = [day.day.isoformat() for day in seen.days]
        return gating.feed_and_keep(publisher.manifests, experiment, seen.known, window)

    def _muted(self, manifest: Manifest, seen: _Seen) -> set[str]:
        """Who withdrew nudges since the experiment began; nobody while it only watches."""
        experiment = manifest.experiment
        if experiment is None or experiment.phase == "shadow":
            return set()
        people = sorted({x.decision.person_id for x in guarding.under_way(seen.logged, manifest)})
        return self._people.muted(people, experiment.started_at)

    def _step(self, publisher: Publisher, before: Manifest, ruling: Ruling, now: datetime) -> Manifest:
        if ruling.step == "stay":
            return before

        def step(current: Manifest) -> Manifest:
            if current.version != before.version:
                raise ManifestConflict("somebody published while the night was judging")
            return deciding.STEPS[ruling.step](current, now)

        return publisher.publish(step, ruling.reason)

    def _keep(self, publisher: Publisher, report: Report, day: date) -> str:
        """In the bucket, then in the registry."""
        html, numbers = page.page(report), report.to_json()
        self._reports.keep(day, NUMBERS, numbers)
        key = self._reports.keep(day, PAGE, html)
        files = {PAGE: html, NUMBERS: numbers, **page.plots(report)}
        what = {"step": report.step, "reason": report.reason, "manifest": str(report.manifest)}
        publisher.registry.record(Night("evaluate", day, report.metrics(), files, what))
        publisher.registry.commit()
        return key

    def _written(
        self,
        before: Manifest,
        after: Manifest,
        seen: _Seen,
        found: _Found,
        ruling: Ruling,
        now: datetime,
    ) -> Report:
        known, day = seen.known, now.date().isoformat()
        experiment = before.experiment
        name = experiment.name if experiment else ""
        curves = content.curves_of(self._reports.latest(NUMBERS), name, day)
        return Report(
            day=day,
            basis=Basis(
                n=len(known),
                window=f"{seen.days[0].day} to {seen.days[-1].day}",
                updated=now.strftime("%Y-%m-%d %H:%M UTC"),
            ),
            people=seen.people,
            left_out=seen.left_out,
            complete=all(d.complete for d in seen.days),
            state=ruling.state if after is before else deciding.describe(after, found.said.gate),
            change=ruling.change,
            step=ruling.step,
            reason=ruling.reason,
            manifest=after.version,
            champion=before.champion,
            experiment=name,
            challenger=experiment.challenger if experiment else "",
            phase=experiment.phase if experiment else "",
            rho=experiment.rho if experiment else 0.0,
            estimates=judging.estimates(known, before, seen.predicted),
            history=[*curves.history, *([_evidence(day, found.said.gate)] if found.said.gate else [])],
            lift=[*curves.lift, *_point(lifting.lift(known, day))],
            split=[*curves.split, *_point(_split(seen, before, day))],
            arms=judging.shares(found.people, before),
            sample_ratio=found.said.suspect or content.AS_PLANNED,
            propensities=describing.propensities(known),
            least_propensity=float(known.propensity.min()) if len(known) else 0.0,
            at_the_floor=describing.at_the_floor(known),
            calibration=judging.calibration(known, seen.predicted),
            ages=describing.ages(seen.logged, now),
            rewards=describing.by_day(_of(seen)),
            drift=describing.drift(seen.logged),
            angles=describing.angles(seen.logged),
            guardrails=list(found.guardrails),
            training=json.loads(self._reports.latest(SUMMARY) or "{}"),
        )


def _findings(manifest: Manifest, seen: _Seen, fed: gating.Fed | None, muted: Collection[str]) -> _Found:
    experiment = manifest.experiment
    if experiment is None:
        return _Found(Findings(), {}, [])
    arms = guarding.people_by_arm(guarding.under_way(seen.logged, manifest))
    rails = guarding.guardrails(seen.logged, manifest, muted)
    suspect = guarding.suspect(seen.logged, manifest)
    if fed and fed.refused:
        suspect = f"{fed.refused} decisions are of no mixture that could have served them"
    said = Findings(
        vetoes=judging.vetoes(seen.known, manifest, seen.predicted) if experiment.phase == "shadow" else (),
        breached=breached(rails),
        suspect=suspect,
        gate=fed.state if fed else None,
    )
    return _Found(said, {arm: len(people) for arm, people in arms.items()}, rails)


def _split(seen: _Seen, manifest: Manifest, day: str) -> content.Lift | None:
    """How the sides of an A/B test differ; None without one."""
    if manifest.experiment is None or manifest.experiment.phase != "ab":
        return None
    running = guarding.under_way(seen.logged, manifest)
    return lifting.lift(guarding.split(running), day, beside=lifting.CHAMPION)


def _point(found: content.Lift | None) -> list[content.Lift]:
    return [found] if found else []


def _evidence(day: str, gate: GateState) -> content.Evidence:
    return content.Evidence(day, gate.decisions, gate.log_promote, gate.log_rollback)


def _of(seen: _Seen) -> list[Day]:
    """The days with only what may be learned from."""
    kept = {x.decision.decision_id for x in seen.logged}
    return [
        Day(d.day, tuple(x for x in d.logged if x.decision.decision_id in kept), d.complete, d.unreadable)
        for d in seen.days
    ]
