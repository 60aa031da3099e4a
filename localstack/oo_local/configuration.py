"""Settings of one machine: `.env.local` and the environment, checked before anything starts."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.runtime.settings import PREFIX, SettingsError, field_of, load
from oo_local.envfile import EnvFileError, read_env_file
from oo_local.models.proxy_config import DEFAULT, ProxyConfig, ProxyConfigError, read_proxy_config

Port = Annotated[int, Field(ge=1024, le=65535)]

LITELLM_PARAMETER: Final = "/oo/local/litellm-key"
# What the callback of that name reads; further ones stand in the proxy's configuration.
CALLBACK_KEYS: Final = frozenset({"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_HOST"})

# `make dev` knows these better than a person could.
DERIVED: Final = frozenset(
    {"stage", "public_url", "topic_arn", "rank_function", "key_alias", "decision_log_bucket",
     "registry_bucket", "oidc_secret_parameter", "admin_token_sha256", "sandbox_url",
     "litellm_key_parameter"}
)  # fmt: skip


class ConfigurationError(Exception):
    """A setting is wrong; the message names each and what it may be."""


class LocalSettings(BaseModel):
    """Settings of `make dev` itself. The variable's name is `OO_` and the field's name in capitals."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="forbid")

    port: Port = Field(default=8000, description="Where page and API are served on 127.0.0.1.")
    emulator_port: Port = Field(default=4566, description="Where the emulated cloud answers on 127.0.0.1.")
    identity_port: Port = Field(default=9400, description="Where the local sign-in provider answers.")
    sandbox_port: Port = Field(
        default=9401, description="Where the third party answers that can be connected on this machine."
    )
    home: str = Field(
        default="", description="Folder of state, keys and logs; empty: .oo. Two folders, two oO at once."
    )
    installer: Literal["auto", "uv", "pip"] = Field(
        default="auto", description="What installs packages: auto takes uv when it is there or can be had."
    )
    profiles: str = Field(
        default="",
        pattern=r"^((ai|mlops)([ ,]+(ai|mlops))*)?$",
        description="What is started beside: `ai`, a proxy with small language models; `mlops`, MLflow's web "
        "page on the registry. Several with a space between.",
    )
    mlflow_port: Port = Field(default=5000, description="Where MLflow's page answers on 127.0.0.1.")
    litellm_port: Port = Field(default=4000, description="Where the proxy of profile `ai` answers.")
    language_port: Port = Field(default=4001, description="Where the small language model behind it answers.")
    embedding_port: Port = Field(default=4002, description="Where the embedder behind it answers.")
    litellm_config: str = Field(
        default="",
        description="The proxy's configuration: which model answers which alias; empty: "
        "localstack/litellm/local.yaml, the small models of this machine.",
    )
    litellm_key: str = Field(
        default="",
        description="Key of the proxy, at LITELLM_URL where that is set; empty: one is made for the proxy of "
        "this machine and kept in .oo/litellm-key.",
    )
    litellm_callbacks: str = Field(
        default="",
        pattern=r"^([a-z0-9_]+(,[a-z0-9_]+)*)?$",
        description="Callbacks of the proxy, comma-separated: `langfuse` (docs/models.md).",
    )
    demo: Literal["yes", "no"] = Field(default="yes", description="Whether a demo person is made at start.")
    admin_token: str = Field(
        default="", description="Token of the admin sign-in; empty: one is made and kept in .oo/admin-token."
    )
    oidc_client_secret: str = Field(
        default="",
        description="Client secret at OO_OIDC_ISSUER, when that is set to a provider of your own.",
    )

    def starts(self, profile: Literal["ai", "mlops"]) -> bool:
        """Whether the profile was asked for."""
        return profile in self.profiles.replace(",", " ").split()


@dataclass(frozen=True)
class Configuration:
    """What one start works with."""

    local: LocalSettings
    functions: Mapping[str, str]
    """Variables for every function, by their names."""
    proxy: ProxyConfig | None = None
    """The proxy to start here; None: no profile `ai`, or LITELLM_URL names one that runs."""
    proxy_keys: Mapping[str, str] = field(default_factory=dict)
    """What its configuration refers to: keys of the models' houses."""

    @property
    def litellm_url(self) -> str:
        """Where the functions find the aliases; empty: nowhere, rules serve."""
        if self.proxy:
            return f"http://127.0.0.1:{self.local.litellm_port}"
        return self.functions.get("LITELLM_URL", "")

    @property
    def variables(self) -> Mapping[str, str]:
        """Variables for every function: those that were set, and what goes with the models."""
        if not self.litellm_url:
            return self.functions
        derived = {"LITELLM_URL": self.litellm_url, **(self.proxy.settings if self.proxy else {})}
        if self.proxy or self.local.litellm_key:
            derived["OO_LITELLM_KEY_PARAMETER"] = LITELLM_PARAMETER
        return {**derived, **self.functions}

    @property
    def own_provider(self) -> bool:
        """Whether people sign in at a provider that the settings name, not at the local one."""
        return bool(self.functions.get("OO_OIDC_ISSUER"))

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.local.port}"


def read_configuration(root: Path, environment: Mapping[str, str]) -> Configuration:
    """`.env.local`, overruled by the environment. Raises ConfigurationError naming every mistake."""
    try:
        values = read_env_file(root / ".env.local")
    except EnvFileError as error:
        raise ConfigurationError(str(error)) from None
    values |= {
        name: value for name, value in environment.items() if name.startswith(PREFIX) or field_of(name)
    }
    chosen = values.get("OO_LITELLM_CONFIG", "")
    if not chosen and "ai" not in values.get("OO_PROFILES", ""):
        return configure(values)
    try:
        proxy = read_proxy_config(root / Path(chosen or DEFAULT).expanduser())
    except ProxyConfigError as error:
        raise ConfigurationError(f"OO_LITELLM_CONFIG: {error}") from None
    keys = proxy.keys | CALLBACK_KEYS
    return configure({**{name: environment[name] for name in keys if name in environment}, **values}, proxy)


def configure(values: Mapping[str, str], proxy: ProxyConfig | None = None) -> Configuration:
    """Check the variables; `proxy` is what profile `ai` would start.

    Raises ConfigurationError naming every mistake.
    """
    own, passed, mistakes = {}, {}, []
    keys = {name: values[name] for name in (proxy.keys if proxy else set()) | CALLBACK_KEYS if name in values}
    for name, value in values.items():
        setting = field_of(name) or (name.removeprefix(PREFIX).lower() if name.startswith(PREFIX) else "")
        if name in keys:
            continue
        if setting in DERIVED:
            mistakes.append(f"{name} is set by `make dev` itself: remove it")
        elif setting in LocalSettings.model_fields:
            own[setting] = value
        elif field_of(name):
            passed[name] = value
        else:
            mistakes.append(f"{name} is not a setting: docs/settings.md lists them all")
    local = LocalSettings()
    try:
        local = LocalSettings.model_validate(own)
    except ValidationError as error:
        mistakes += [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        ]
    ports = [name for name in LocalSettings.model_fields if name.endswith("port")]
    if len({getattr(local, name) for name in ports}) < len(ports):
        *most, last = (f"{PREFIX}{name.upper()}" for name in ports)
        mistakes.append(f"{', '.join(most)} and {last} must differ")
    here = proxy if local.starts("ai") and not passed.get("LITELLM_URL") else None
    configuration = Configuration(local, passed, here, keys)
    try:
        load({"OO_STAGE": "local", **configuration.variables})
    except SettingsError as error:
        mistakes += str(error).splitlines()[1:]
    if passed.get("OO_OIDC_ISSUER") and not local.oidc_client_secret:
        mistakes.append("OO_OIDC_ISSUER needs OO_OIDC_CLIENT_SECRET")
    if mistakes:
        raise ConfigurationError("\n".join(line.strip() for line in mistakes))
    return configuration


def admin_token(configuration: Configuration, home: Path) -> str:
    """The admin's token; made once and kept where only this user can read it."""
    if configuration.local.admin_token:
        return configuration.local.admin_token
    path = home / "admin-token"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()


def digest(token: str) -> str:
    """SHA-256, hex: what the functions are given instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
