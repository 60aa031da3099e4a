from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from chalicelib.runtime.settings import Settings
from oo_local.configuration import (
    DERIVED,
    ConfigurationError,
    LocalSettings,
    admin_token,
    configure,
    digest,
    read_configuration,
)

ROOT = Path(__file__).resolve().parents[3]


def test_defaults() -> None:
    configuration = configure({})
    assert configuration.url == "http://127.0.0.1:8000"
    assert configuration.functions == {}
    assert not configuration.own_provider


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("OO_PORT=9001\nOO_LOG_LEVEL=DEBUG\n")
    configuration = read_configuration(tmp_path, {"OO_PORT": "9002", "HOME": "/root"})
    assert configuration.local.port == 9002
    assert configuration.functions == {"OO_LOG_LEVEL": "DEBUG"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"OO_PROT": "9000"}, "OO_PROT is not a setting"),
        ({"PORT": "9000"}, "PORT is not a setting"),
        ({"OO_PORT": "80"}, "OO_PORT: .*1024"),
        ({"OO_PORT": "http"}, "OO_PORT: .*integer"),
        ({"OO_PORT": "4566"}, "must differ"),
        ({"OO_DEMO": "maybe"}, "OO_DEMO: .*'yes' or 'no'"),
        ({"OO_STAGE": "prod"}, "OO_STAGE is set by `make dev` itself"),
        ({"OO_RANK_DEADLINE_MS": "7"}, "OO_RANK_DEADLINE_MS: .*50"),
        ({"OO_OIDC_ISSUER": "https://id.example"}, "OO_OIDC_ISSUER needs OO_OIDC_CLIENT_SECRET"),
    ],
)
def test_a_mistake_is_named(values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        configure(values)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configure({"OO_PROT": "1", "OO_DEMO": "maybe", "OO_LOG_LEVEL": "LOUD"})
    for name in ("OO_PROT", "OO_DEMO", "OO_LOG_LEVEL"):
        assert name in str(caught.value)


def test_a_secret_is_not_shown_in_a_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configure({"OO_OIDC_CLIENT_SECRET": "hunter2", "OO_PORT": "hunter3"})
    assert "hunter" not in str(caught.value)


def test_the_admin_token_is_made_once_and_private(tmp_path: Path) -> None:
    configuration = configure({})
    token = admin_token(configuration, tmp_path)
    assert len(token) >= 24
    assert admin_token(configuration, tmp_path) == token
    assert stat.S_IMODE((tmp_path / "admin-token").stat().st_mode) == 0o600
    assert admin_token(configure({"OO_ADMIN_TOKEN": "mine"}), tmp_path) == "mine"
    assert re.fullmatch("[0-9a-f]{64}", digest(token))


def test_the_example_documents_each_setting_of_one_machine() -> None:
    named = set(re.findall(r"^#(OO_[A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.M))
    assert {f"OO_{name.upper()}" for name in LocalSettings.model_fields} <= named
    known = {f"OO_{name.upper()}" for name in (*LocalSettings.model_fields, *Settings.model_fields)}
    assert named <= known - {f"OO_{name.upper()}" for name in DERIVED}


def test_what_is_derived_are_settings() -> None:
    assert set(Settings.model_fields) >= DERIVED
