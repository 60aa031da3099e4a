"""Profiles, the proxy's configurations, and what of them reaches the functions and the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from oo_local.configuration import ConfigurationError, configure, read_configuration
from oo_local.models.language import weights_file
from oo_local.models.proxy import _told
from oo_local.models.proxy_config import ALIASES, ProxyConfigError, read_proxy_config

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "localstack" / "litellm").glob("*.yaml"))
LOCAL = ROOT / "localstack" / "litellm" / "local.yaml"
CLOUD = ROOT / "localstack" / "litellm" / "cloud.yaml"

each_shipped = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


def test_the_three_ways_are_shipped() -> None:
    assert {path.stem for path in SHIPPED} == {"local", "ollama", "cloud"}


@each_shipped
def test_a_configuration_has_the_three_aliases_and_asks_once_in_bounded_time(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    assert sorted(one["model_name"] for one in document["model_list"]) == sorted(ALIASES)
    settings = document["litellm_settings"]
    assert settings["num_retries"] == 0
    assert 0 < settings["request_timeout"] <= 25
    assert settings["telemetry"] is False
    # A seed is no word of every house; without this the cloud's judge refuses it.
    assert settings["drop_params"] is True
    assert document["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"


@each_shipped
def test_no_callback_sees_words_unless_someone_says_so(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["litellm_settings"]["turn_off_message_logging"] is True


@each_shipped
def test_every_key_is_a_reference(path: Path) -> None:
    for one in yaml.safe_load(path.read_text())["model_list"]:
        assert one["litellm_params"].get("api_key", "os.environ/").startswith("os.environ/")


@each_shipped
def test_what_goes_with_the_models_is_a_valid_setting(path: Path) -> None:
    config = read_proxy_config(path)
    configuration = configure({"OO_PROFILES": "ai"}, config)
    assert configuration.variables["OO_WORDING_MODE"] == ("reword" if path == LOCAL else "write")
    assert configuration.variables["LITELLM_URL"] == "http://127.0.0.1:4000"
    assert configuration.variables["OO_LITELLM_KEY_PARAMETER"] == "/oo/local/litellm-key"


def test_only_the_local_one_serves_models_here_and_only_the_cloud_needs_keys() -> None:
    configs = {path.stem: read_proxy_config(path) for path in SHIPPED}
    assert {name for name, one in configs.items() if one.language and one.embedding} == {"local"}
    assert {name for name, one in configs.items() if one.language or one.embedding} == {"local"}
    assert {name: one.keys for name, one in configs.items()} == {
        "cloud": {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"},
        "local": frozenset(),
        "ollama": frozenset(),
    }


@pytest.mark.parametrize(
    ("profiles", "ai", "mlops"),
    [("", False, False), ("ai", True, False), ("ai mlops", True, True), ("mlops,ai", True, True)],
)
def test_several_profiles_at_once(profiles: str, ai: bool, mlops: bool) -> None:
    local = configure({"OO_PROFILES": profiles}).local
    assert (local.starts("ai"), local.starts("mlops")) == (ai, mlops)


@pytest.mark.parametrize("profiles", ["gpu", "ai gpu", "aimlops"])
def test_an_unknown_profile_is_named(profiles: str) -> None:
    with pytest.raises(ConfigurationError, match="OO_PROFILES"):
        configure({"OO_PROFILES": profiles})


def test_without_the_profile_there_is_no_model() -> None:
    configuration = read_configuration(ROOT, {"HOME": "/root"})
    assert configuration.proxy is None
    assert configuration.litellm_url == ""
    assert "LITELLM_URL" not in configuration.variables


def test_a_proxy_that_runs_already_is_used_and_none_started() -> None:
    theirs = {"LITELLM_URL": "https://litellm.example", "OO_PROFILES": "ai"}
    configuration = read_configuration(ROOT, theirs)
    assert configuration.proxy is None
    assert configuration.variables == {"LITELLM_URL": "https://litellm.example"}
    with_key = read_configuration(ROOT, {**theirs, "OO_LITELLM_KEY": "sk-1"}).variables
    assert with_key["OO_LITELLM_KEY_PARAMETER"] == "/oo/local/litellm-key"
    assert "sk-1" not in with_key.values()


def test_a_person_s_own_setting_wins() -> None:
    configuration = read_configuration(ROOT, {"OO_PROFILES": "ai", "OO_WORDING_MODE": "write"})
    assert configuration.variables["OO_WORDING_MODE"] == "write"


def test_keys_reach_the_proxy_and_no_function() -> None:
    environment = {
        "OO_PROFILES": "ai", "OO_LITELLM_CONFIG": str(CLOUD), "OPENAI_API_KEY": "sk-2", "OTHER_KEY": "sk-3",
    }  # fmt: skip
    configuration = read_configuration(ROOT, environment)
    assert configuration.proxy_keys == {"OPENAI_API_KEY": "sk-2"}
    assert "sk-2" not in configuration.variables.values()


def test_a_key_may_stand_in_the_file_where_the_configuration_refers_to_it(tmp_path: Path) -> None:
    file = tmp_path / ".env.local"
    file.write_text(f"OO_LITELLM_CONFIG={CLOUD}\nOPENAI_API_KEY=sk-2\n")
    assert read_configuration(tmp_path, {}).proxy_keys == {"OPENAI_API_KEY": "sk-2"}
    file.write_text(f"OO_LITELLM_CONFIG={LOCAL}\nOPENAI_API_KEY=sk-2\n")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is not a setting"):
        read_configuration(tmp_path, {})


def test_a_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    with pytest.raises(ConfigurationError, match=r"OO_LITELLM_CONFIG: .*mine\.yaml cannot be read"):
        read_configuration(ROOT, {"OO_LITELLM_CONFIG": str(path)})
    path.write_text("model_list: 7\n")
    with pytest.raises(ProxyConfigError, match="is not a configuration"):
        read_proxy_config(path)
    document = yaml.safe_load(LOCAL.read_text())
    path.write_text(yaml.safe_dump({**document, "oo": {"servers": {"tongue": {}}}}))
    with pytest.raises(ProxyConfigError, match=r"block oo: servers\.tongue"):
        read_proxy_config(path)
    path.write_text(yaml.safe_dump({**document, "model_list": document["model_list"][:1]}))
    with pytest.raises(ProxyConfigError, match="lacks the aliases embedder, judge"):
        read_proxy_config(path)


def test_callbacks_are_added_and_nothing_else_changes() -> None:
    made = yaml.safe_load(read_proxy_config(LOCAL).with_callbacks(("langfuse",)))
    assert made["litellm_settings"].pop("success_callback") == ["langfuse"]
    assert made["litellm_settings"].pop("failure_callback") == ["langfuse"]
    assert made == yaml.safe_load(LOCAL.read_text())


def test_weights_are_found_in_a_package_or_at_a_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    with pytest.raises(FileNotFoundError, match="is not there"):
        weights_file(str(file))
    file.write_bytes(b"GGUF")
    assert weights_file(str(file)) == file
    assert weights_file("pydantic/py.typed").name == "py.typed"
    with pytest.raises(FileNotFoundError, match="no_such_package"):
        weights_file("no_such_package/model.gguf")


def test_a_refusal_is_told_in_its_own_words() -> None:
    assert _told('{"error": {"message": "no\\n such model", "code": "400"}}') == "no such model"
    assert _told("<html>") == "<html>"
    assert _told('{"error": "busy"}') == '{"error": "busy"}'
    assert len(_told("x" * 9_000)) == 300
