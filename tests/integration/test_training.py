"""The night's refit from handler to tables, bucket and registry, on moto and on the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chalicelib.runtime.settings import settings
from ml_lambda.experiments.manifests import ManifestTable
from ml_lambda.registry.mlflow_registry import registry
from ml_lambda.serving import train
from tests.integration.conftest import NOW

if TYPE_CHECKING:
    from tests.nightly_world import World


def night() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(train.handler({}, None)))
    return answer


def test_an_empty_log_is_fine_and_said(world: World) -> None:
    answer = night()
    assert answer["outcome"] == "nothing to learn from"
    assert ManifestTable().current() is None
    with registry(settings().mlflow_tracking_uri) as opened:
        champion = opened.aliased("champion")
        assert champion is not None, "what serves by the settings is registered, too"
        assert champion.spec.policy == settings().champion


def test_a_refit_is_published_once_and_can_be_read_back(world: World) -> None:
    for number in range(4):
        world.days(world.person(number), NOW, 6)
    answer = night()
    assert (answer["outcome"], answer["people"], answer["decisions"]) == ("published", 4, 24)
    published = ManifestTable().current()
    assert published is not None
    assert published.manifest.version == answer["manifest"] == 1
    assert published.manifest.spec("mixed_ts").prior == answer["prior"]
    assert json.loads(published.priors[answer["prior"]])["mean"][-12] > 0.05, "they like the first feature"
    with registry(settings().mlflow_tracking_uri) as opened:
        [version] = [v for v in opened.versions() if v.number == answer["version"]]
        assert version.spec == published.manifest.spec("mixed_ts")
        assert (version.lineage.people, version.lineage.decisions) == (4, 24)
        assert version.metrics["log_likelihood_fitted"] > version.metrics["log_likelihood_usual"]
        assert opened.artifact(version.number)["prior"]["version"] == answer["prior"]
    again = night()
    assert again["outcome"] == "unchanged"
    assert {k: again[k] for k in ("prior", "version", "manifest")} == {
        k: answer[k] for k in ("prior", "version", "manifest")
    }


def test_who_left_or_withdrew_has_no_share(world: World) -> None:
    for number in range(3):
        world.days(world.person(number), NOW, 6)
    alone = night()["prior"]
    world.days(world.person(7, granted=["tasks"]), NOW, 6)
    gone = world.person(8)
    world.days(gone, NOW, 6)
    world.erase(gone)
    answer = night()
    assert (answer["prior"], answer["left_out"]) == (alone, 2)


def test_few_people_make_no_prior(world: World) -> None:
    for number in range(2):
        world.days(world.person(number), NOW, 6)
    assert night()["outcome"] == "too few people"
    assert ManifestTable().current() is None
