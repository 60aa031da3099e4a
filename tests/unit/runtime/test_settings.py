"""Settings are checked at start and name what is wrong."""

from __future__ import annotations

import pytest

from chalicelib.runtime.settings import SettingsError, load


def test_defaults_follow_the_stage() -> None:
    settings = load({"OO_STAGE": "dev", "PATH": "/bin"})
    assert settings.rank_function == "oo-dev-rank"
    assert settings.oidc_secret_parameter == "/oo/dev/oidc-client-secret"
    assert settings.name("signals") == "oo-dev-signals"


def test_every_wrong_variable_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"OO_STAGE": "moon", "OO_RANK_DEADLINE_MS": "soon", "OO_PUBLIC_URL": "oo.example"})
    for name in ("OO_STAGE", "OO_RANK_DEADLINE_MS", "OO_PUBLIC_URL"):
        assert name in str(caught.value)


def test_a_missing_stage_is_named() -> None:
    with pytest.raises(SettingsError, match="OO_STAGE"):
        load({})
