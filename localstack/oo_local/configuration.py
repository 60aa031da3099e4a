"""Settings of one machine: `.env.local` and the environment, checked before anything starts."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.runtime.settings import PREFIX, SettingsError, field_of, load
from oo_local.envfile import EnvFileError, read_env_file

Port = Annotated[int, Field(ge=1024, le=65535)]

# `make dev` knows these better than a person could.
DERIVED: Final = frozenset(
    {"stage", "public_url", "topic_arn", "rank_function", "key_alias", "decision_log_bucket",
     "registry_bucket", "oidc_secret_parameter", "admin_token_sha256", "sandbox_url"}
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
        pattern=r"^(mlops)?$",
        description="What is started beside: `mlops`, MLflow's web page on the registry.",
    )
    mlflow_port: Port = Field(default=5000, description="Where that page answers on 127.0.0.1.")
    demo: Literal["yes", "no"] = Field(default="yes", description="Whether a demo person is made at start.")
    admin_token: str = Field(
        default="", description="Token of the admin sign-in; empty: one is made and kept in .oo/admin-token."
    )
    oidc_client_secret: str = Field(
        default="",
        description="Client secret at OO_OIDC_ISSUER, when that is set to a provider of your own.",
    )


@dataclass(frozen=True)
class Configuration:
    """What one start works with."""

    local: LocalSettings
    functions: Mapping[str, str]
    """Variables for every function, by their names."""

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
    return configure(values)


def configure(values: Mapping[str, str]) -> Configuration:
    """Check the variables. Raises ConfigurationError naming every mistake."""
    own, passed, mistakes = {}, {}, []
    for name, value in values.items():
        field = field_of(name) or (name.removeprefix(PREFIX).lower() if name.startswith(PREFIX) else "")
        if field in DERIVED:
            mistakes.append(f"{name} is set by `make dev` itself: remove it")
        elif field in LocalSettings.model_fields:
            own[field] = value
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
    ports = [
        local.port, local.emulator_port, local.identity_port, local.sandbox_port, local.mlflow_port,
    ]  # fmt: skip
    if len(set(ports)) < len(ports):
        mistakes.append(
            "OO_PORT, OO_EMULATOR_PORT, OO_IDENTITY_PORT, OO_SANDBOX_PORT and OO_MLFLOW_PORT must differ"
        )
    try:
        load({"OO_STAGE": "local", **passed})
    except SettingsError as error:
        mistakes += str(error).splitlines()[1:]
    if passed.get("OO_OIDC_ISSUER") and not local.oidc_client_secret:
        mistakes.append("OO_OIDC_ISSUER needs OO_OIDC_CLIENT_SECRET")
    if mistakes:
        raise ConfigurationError("\n".join(line.strip() for line in mistakes))
    return Configuration(local, passed)


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
