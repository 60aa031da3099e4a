"""Who is in which arm: stable, uniform, and as independent as it should be."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from chalicelib.contracts.experiments import Experiment, Manifest, Phase, PolicySpec
from ml_lambda.experiments.assignment import Assignment, assign, expected_shares, held_back, unit
from tests import ml_examples as me

PEOPLE = [str(UUID(bytes=np.random.default_rng(i).bytes(16), version=4)) for i in range(4000)]


def manifest(
    phase: Phase | None = None, rho: float = 0.0, holdback: str = "", name: str = "x-1", version: int = 1
) -> Manifest:
    return Manifest(
        version=version,
        policies=[PolicySpec(id=i, policy="lin_ucb") for i in ("old", "now", "new")],
        champion="now",
        holdback=holdback,
        experiment=Experiment(name=name, phase=phase, challenger="new", rho=rho, started_at=me.NOW)
        if phase
        else None,
    )


def shares(of: Manifest) -> dict[str, float]:
    arms = [assign(of, person).arm for person in PEOPLE]
    return {arm: arms.count(arm) / len(arms) for arm in set(arms)}


def test_without_anything_to_try_all_are_served_by_the_champion() -> None:
    assert shares(manifest()) == {"champion": 1.0} == expected_shares(manifest())


@pytest.mark.parametrize(
    "of",
    [
        manifest("shadow"),
        manifest("canary", 0.2),
        manifest("ab", 0.5),
        manifest("ab", 0.1),
        manifest(holdback="old"),
        manifest("ab", 0.5, holdback="old"),
    ],
)
def test_people_are_in_the_arms_as_planned(of: Manifest) -> None:
    planned, seen = expected_shares(of), shares(of)
    assert sum(planned.values()) == pytest.approx(1)
    assert set(seen) == set(planned)
    for arm, share in planned.items():
        # Four standard errors of a share among 4,000.
        assert seen[arm] == pytest.approx(share, abs=4 * (share * (1 - share) / len(PEOPLE)) ** 0.5)


def test_what_each_arm_is_served() -> None:
    held = next(p for p in PEOPLE if held_back(p, 0.05))
    other = next(p for p in PEOPLE if not held_back(p, 0.05))
    canary = manifest("canary", 0.2)
    assert assign(canary, other) == Assignment("canary", "now", "new", 0.2)
    # Nothing was promoted yet: held back from the canary, by what serves.
    assert assign(canary, held) == Assignment("holdback", "now")
    assert assign(manifest(holdback="old"), held) == Assignment("holdback", "old")
    assert assign(manifest("shadow"), other) == Assignment("champion", "now")
    assert assign(manifest("ab", 1.0), other) == Assignment("challenger", "new")
    assert assign(manifest("ab", 0.0), other) == Assignment("champion", "now")


def test_the_holdback_is_the_same_people_over_experiments_and_promotions() -> None:
    def held(of: Manifest) -> set[str]:
        return {p for p in PEOPLE if assign(of, p).arm == "holdback"}

    first = held(manifest("canary", 0.1, name="a-1"))
    assert first == held(manifest("ab", 0.5, name="b-2", version=9)) == held(manifest(holdback="old"))
    assert {p for p in PEOPLE if held_back(p, 0.02)} < first


def test_a_person_stays_in_an_arm_and_experiments_are_independent() -> None:
    def side(name: str) -> np.ndarray:
        of = manifest("ab", 0.5, name=name)
        return np.array([assign(of, p).arm == "challenger" for p in PEOPLE])

    one, two = side("a-1"), side("b-2")
    assert (one == side("a-1")).all()
    assert abs(float(np.corrcoef(one, two)[0, 1])) < 4 / len(PEOPLE) ** 0.5
    held = np.array([held_back(p, 0.5) for p in PEOPLE])
    assert (
        abs(float(np.corrcoef(held, [unit("ab", "a-1", p) for p in PEOPLE])[0, 1])) < 4 / len(PEOPLE) ** 0.5
    )


def test_the_hash_is_uniform_and_never_changes() -> None:
    units = np.array([unit("ab", "x-1", p) for p in PEOPLE])
    counts, _ = np.histogram(units, bins=20, range=(0, 1))
    # Chi-square with 19 degrees of freedom: 43.8 is its .999 quantile.
    assert float(((counts - 200) ** 2 / 200).sum()) < 43.8
    # A release that moves people between arms spoils every experiment under way.
    assert unit("holdback", "", me.PERSON) == 0.4514421154969692
    assert unit("ab", "x-1", me.PERSON) == 0.7694821516941466
