"""A tip in the language of the profile, over HTTP: asked for, and explained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import wiring
from chalicelib.contracts.http import ProfilePatch
from chalicelib.runtime.settings import settings
from tests.conftest import Cloud
from tests.integration.test_recommender import RANK, Site

pytestmark = pytest.mark.parametrize("aws", ["emulator"], indirect=True)


@pytest.fixture
def site(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("OO_RANK_DEADLINE_MS", "10000")
    settings.cache_clear()
    made = Site(aws)
    made.deploy_rank()
    yield made
    aws.client("lambda").delete_function(FunctionName=RANK)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("locale", "lang", "text", "today"),
    [
        ("de-DE", "de", "Fang an mit: Send the invoice to Mira. 5 Minuten.", "heute"),
        ("es-MX", "es", "Empieza con: Send the invoice to Mira. 5 minutos.", "hoy"),
        ("ru-RU", "ru", "Займись этим: Send the invoice to Mira. 5 минут.", "сегодня"),
        ("fr-FR", "en", "Send the invoice to Mira. 5 minutes.", "today"),
    ],
)
def test_a_tip_is_in_the_language_of_the_profile(
    site: Site, locale: str, lang: str, text: str, today: str
) -> None:
    wiring.profile().change(site.person, ProfilePatch(locale=locale), "trace")
    tip = site.tip()
    assert (tip["lang"], tip["text"]) == (lang, text)
    assert today in tip["why"].lower()
    status, told = site.send("GET", f"/api/tips/{tip['id']}")
    assert status == 200
    assert today in " ".join(told["because"]).lower()
