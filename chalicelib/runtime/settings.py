"""Every setting of the deployed functions, in one place: read from the environment, checked at start.

`infra/functions.py` sets them per function; `make dev` fills the local stage. docs/settings.md is
generated from this model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX: Final = "OO_"


class SettingsError(Exception):
    """The environment is not what the functions need; the message names each variable."""


class Settings(BaseModel):
    """Read-only settings. The variable's name is `OO_` and the field's name in capitals."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    stage: Literal["local", "dev", "prod"] = Field(description="Which stage; part of every name.")
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        pattern=r"^https?://[^/\s]+(/[^\s]*)?$",
        description="Where people reach the page, without a trailing slash; sign-in returns here.",
    )
    topic_arn: str = Field(default="", description="The events topic.")
    rank_function: str = Field(
        default="", description="Name of the scoring function; default oo-<stage>-rank."
    )
    rank_deadline_ms: int = Field(
        default=800,
        ge=50,
        le=20_000,
        description="How long `recommend` waits for the scorer before rules take over.",
    )
    key_alias: str = Field(
        default="", description="KMS key that wraps data keys; default alias/oo-<stage>-persons."
    )
    decision_log_bucket: str = Field(default="", description="S3 bucket of the decision log.")
    oidc_issuer: str = Field(
        default="", description="Issuer of the generic OpenID Connect provider; empty: none."
    )
    oidc_client_id: str = Field(default="oo", description="Client id at that provider.")
    oidc_secret_parameter: str = Field(
        default="",
        description="SSM parameter that holds the client secret; default /oo/<stage>/oidc-client-secret.",
    )
    admin_token_sha256: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 (hex) of the admin token; empty: admin token sign-in is off.",
    )
    session_days: int = Field(default=30, ge=1, le=90, description="Absolute life of a session in days.")
    session_idle_days: int = Field(default=7, ge=1, le=90, description="A session unused this long ends.")
    calls_per_minute: int = Field(default=120, ge=1, description="Calls a session may make in a minute.")
    no_reaction_reward: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Reward of a tip that was seen and got no reaction by its deadline.",
    )
    champion: str = Field(default="epsilon_greedy_v2", description="The policy that chooses tips.")
    shadows: str = Field(
        default="epsilon_greedy_v1",
        description="Policies that only say what they would have chosen, and learn; comma-separated.",
    )
    forgetting_half_life_days: float = Field(
        default=0,
        ge=0,
        description="After how many days a decision counts half in what policies know; 0 forgets nothing.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least level that is logged; metrics always are."
    )

    def name(self, suffix: str) -> str:
        """`oo-<stage>-<suffix>`: what tables, queues and functions are called."""
        return f"oo-{self.stage}-{suffix}"


def load(environment: Mapping[str, str]) -> Settings:
    """Settings from variables. Raises SettingsError naming every wrong one."""
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    values = {known[key]: value for key, value in environment.items() if key in known}
    try:
        raw = Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"  {PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("settings need changing (docs/settings.md):\n" + "\n".join(lines)) from None
    return raw.model_copy(
        update={
            "rank_function": raw.rank_function or raw.name("rank"),
            "key_alias": raw.key_alias or f"alias/{raw.name('persons')}",
            "oidc_secret_parameter": raw.oidc_secret_parameter or f"/oo/{raw.stage}/oidc-client-secret",
        }
    )


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load(os.environ)
