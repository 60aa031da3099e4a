"""Priors: both forms load, survive JSON to the bit, and refuse what is no belief."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from chalicelib.domain.features import CANDIDATE_FEATURES
from ml_lambda.policies import NAMES, make
from ml_lambda.policies.priors import NOISE, Forgetting, Pooled, Prior, load_prior


def pooled(**changed: Any) -> Pooled:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(3, 3))
    parts: dict[str, Any] = {
        "columns": ("deadline", "novelty", "baseline"),
        "mean": rng.normal(size=3),
        "covariance": root @ root.T,
        "between": np.array([0.1, 0.2, 0.3]),
        "noise": 0.17,
        "forgetting": Forgetting((0.0, 30.0), (0.75, 0.25), 0.125),
    }
    return Pooled(**{**parts, **changed})


def test_a_pooled_prior_survives_json_to_the_bit() -> None:
    prior = Prior.from_pooled("2026-03-01", pooled(), about="a refit", people=40)
    again = Prior.from_document(json.loads(json.dumps(prior.to_document())))
    assert again.pooled is not None
    assert prior.pooled is not None
    assert np.array_equal(again.pooled.covariance, prior.pooled.covariance)
    assert np.array_equal(again.pooled.mean, prior.pooled.mean)
    assert again.pooled.forgetting == prior.pooled.forgetting
    assert again.to_document() == prior.to_document()
    assert again.to_document()["people"] == 40


def test_a_judged_prior_survives_json() -> None:
    prior = load_prior()
    assert Prior.from_document(json.loads(json.dumps(prior.to_document()))) == prior


def test_a_judged_prior_is_certain_of_the_mean_and_lets_people_differ() -> None:
    belief = load_prior().belief(["deadline", "never heard of"])
    assert belief.mean.tolist() == [0.35, 0.0]
    assert not belief.covariance.any()
    assert belief.between.tolist() == [NOISE / 4, NOISE / 4]


def test_a_belief_follows_the_columns_asked_for() -> None:
    prior = Prior.from_pooled("p", pooled())
    assert prior.pooled is not None
    belief = prior.belief(["baseline", "unknown", "deadline"])
    assert belief.mean.tolist() == [prior.pooled.mean[2], 0.0, prior.pooled.mean[0]]
    assert belief.covariance[0, 2] == prior.pooled.covariance[0, 2]
    assert belief.covariance[1].tolist() == [0.0, np.diag(prior.pooled.covariance).max(), 0.0]
    assert belief.between.tolist() == [0.3, 0.3, 0.1]


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": ("deadline", "deadline", "baseline")},
        {"mean": np.zeros(2)},
        {"between": np.array([0.1, 0.0, 0.1])},
        {"noise": 0.0},
        {"mean": np.array([0.0, np.nan, 0.0])},
        {"covariance": np.arange(9.0).reshape(3, 3)},
    ],
)
def test_what_is_no_belief_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        pooled(**changed)


@pytest.mark.parametrize(
    ("half_lives", "shares"), [((), ()), ((0.0,), (0.5, 0.5)), ((-1.0,), (1.0,)), ((0.0, 3.0), (0.5, 0.4))]
)
def test_what_is_no_mixture_is_refused(half_lives: tuple[float, ...], shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"share|half-li"):
        Forgetting(half_lives, shares)


@pytest.mark.parametrize("missing", ["version", "mean", "covariance", "noise", "feature_version"])
def test_a_document_without_a_part_is_refused(missing: str) -> None:
    document = Prior.from_pooled("p", pooled()).to_document()
    del document[missing]
    with pytest.raises(ValueError, match=missing):
        Prior.from_document(document)


@pytest.mark.parametrize("name", NAMES)
def test_every_policy_takes_a_pooled_prior(name: str) -> None:
    prior = Prior.from_pooled("p", pooled())
    effects = make(name, prior=prior).weights()
    deadline = CANDIDATE_FEATURES.index("deadline")
    assert effects[deadline] == pytest.approx(prior.means["deadline"])
