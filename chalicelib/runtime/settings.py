"""Every setting of the deployed functions, in one place: read from the environment, checked at start.

`infra/functions.py` sets them per function; `make dev` fills the local stage. docs/settings.md is
generated from this model.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from chalicelib.runtime.model_settings import ModelSettings

PREFIX: Final = "OO_"
_OWN_NAMES: Final = {"litellm_url": "LITELLM_URL"}
"""Settings whose variable is called as everybody calls it."""
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*$")
_PUBLIC_SCHEMES: Final = frozenset({"http", "https", "javascript", "data", "file", "blob", "about"})


class SettingsError(Exception):
    """The environment is not what the functions need; the message names each variable."""


class Settings(ModelSettings):
    """Read-only settings. `variable(field)` is the variable's name."""

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
    exports_bucket: str = Field(default="", description="S3 bucket of the copies that people ask for.")
    registry_bucket: str = Field(default="", description="S3 bucket of the registry and the nightly reports.")
    mlflow_tracking_uri: str = Field(
        default="",
        pattern=r"^((sqlite:////|s3://|https?://)\S+)?$",
        description="Where MLflow keeps the registry: sqlite:////path, s3://bucket/prefix or a server's "
        "address; empty: a file in the registry's bucket.",
    )
    oidc_issuer: str = Field(
        default="", description="Issuer of the generic OpenID Connect provider; empty: none."
    )
    oidc_client_id: str = Field(default="oo", description="Client id at that provider.")
    oidc_secret_parameter: str = Field(
        default="",
        description="SSM parameter that holds the client secret; default /oo/<stage>/oidc-client-secret.",
    )
    google_client_id: str = Field(default="", description="Client id at Google; empty: no Google sign-in.")
    google_secret_parameter: str = Field(
        default="",
        description="SSM parameter of Google's client secret; default /oo/<stage>/google-client-secret.",
    )
    google_hosted_domain: str = Field(
        default="", description="Only accounts of this Google Workspace domain may sign in; empty: any."
    )
    apple_client_id: str = Field(default="", description="Services ID at Apple; empty: no Apple sign-in.")
    apple_team_id: str = Field(default="", pattern=r"^([A-Z0-9]{10})?$", description="Team id at Apple.")
    apple_key_id: str = Field(
        default="", pattern=r"^([A-Z0-9]{10})?$", description="Id of the private key for Apple sign-in."
    )
    apple_key_parameter: str = Field(
        default="",
        description="SSM parameter of that private key (PEM); default /oo/<stage>/apple-private-key.",
    )
    mobile_redirects: str = Field(
        default="",
        description="Where apps may be sent back to, e.g. `oo://signin`; comma-separated. Empty: no apps.",
    )
    mobile_session_days: int = Field(
        default=90, ge=1, le=365, description="Absolute life of an app's sign-in."
    )
    mobile_idle_days: int = Field(
        default=30, ge=1, le=90, description="An app's sign-in unused this long ends."
    )
    access_token_seconds: int = Field(default=600, ge=60, le=600, description="Life of an access token.")
    signing_key_days: int = Field(
        default=30, ge=1, le=90, description="After how many days another key signs access tokens."
    )
    admin_session_hours: int = Field(
        default=12, ge=1, le=168, description="Absolute life of an admin's session."
    )
    todoist_client_id: str = Field(
        default="", description="Client id at Todoist; empty: not to be connected."
    )
    todoist_secret_parameter: str = Field(
        default="",
        description="SSM parameter of Todoist's client secret; default /oo/<stage>/todoist-client-secret.",
    )
    google_calendar_client_id: str = Field(
        default="", description="Client id at Google for calendars; empty: not to be connected."
    )
    google_calendar_secret_parameter: str = Field(
        default="",
        description="SSM parameter of its secret; default /oo/<stage>/google-calendar-client-secret.",
    )
    sandbox_url: str = Field(
        default="",
        pattern=r"^(http://127\.0\.0\.1:[0-9]+)?$",
        description="A third party on this machine, to try connecting out; only in stage local.",
    )
    address_calls_per_minute: int = Field(
        default=60,
        ge=1,
        description="Calls a minute from one address to sign in, and to what no session is for.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=3,
        description="How many proxies of our own stand before the API and append to X-Forwarded-For.",
    )
    person_calls_per_minute: int = Field(
        default=240,
        ge=1,
        description="Calls a minute that change something, of one person over all sessions and apps.",
    )
    decisions_per_hour: int = Field(
        default=60,
        ge=0,
        le=60,
        description="New tips that one person may be given in an hour; 0: any number.",
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
        default="epsilon_greedy_v1,mixed_ts",
        description="Policies that only say what they would have chosen, and learn; comma-separated.",
    )
    forgetting_half_life_days: float = Field(
        default=0,
        ge=0,
        description="After how many days a decision counts half in what policies know; 0: as each does by "
        "itself, which for the ε-greedy ones is not at all.",
    )
    prior_least_people: int = Field(
        default=5,
        ge=1,
        description="With fewer people who agree to learning, no pooled prior is made: it would tell of "
        "single ones.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least level that is logged; metrics always are."
    )

    @field_validator("mobile_redirects")
    @classmethod
    def _own_schemes(cls, value: str) -> str:
        """An address that any site or script could answer to must never get a sign-in code."""
        for address in filter(None, value.split(",")):
            scheme, colon, rest = address.strip().partition(":")
            if not (colon and _SCHEME.match(scheme) and rest.startswith("/") and rest.isprintable()):
                raise ValueError(
                    "must be addresses of an app's own scheme, e.g. oo://signin, comma-separated"
                )
            if scheme in _PUBLIC_SCHEMES or " " in rest or "#" in rest:
                raise ValueError("must not be a web address, hold a space or a fragment")
        return value

    @property
    def mobile_addresses(self) -> frozenset[str]:
        """`mobile_redirects`, one by one."""
        return frozenset(address.strip() for address in self.mobile_redirects.split(",") if address.strip())

    def name(self, suffix: str) -> str:
        """`oo-<stage>-<suffix>`: what tables, queues and functions are called."""
        return f"oo-{self.stage}-{suffix}"


def variable(field: str) -> str:
    """The environment variable of a setting: `OO_` and its name in capitals, but for a few."""
    return _OWN_NAMES.get(field, f"{PREFIX}{field.upper()}")


def field_of(name: str) -> str | None:
    """The setting that an environment variable gives; None when it gives none."""
    return next((field for field in Settings.model_fields if variable(field) == name), None)


def load(environment: Mapping[str, str]) -> Settings:
    """Settings from variables. Raises SettingsError naming every wrong one."""
    values = {
        name: environment[variable(name)] for name in Settings.model_fields if variable(name) in environment
    }
    try:
        raw = Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"  {variable(str(e['loc'][0]))}: {e['msg']}" for e in error.errors()]
        raise SettingsError("settings need changing (docs/settings.md):\n" + "\n".join(lines)) from None
    apple = [raw.apple_client_id, raw.apple_team_id, raw.apple_key_id]
    if any(apple) and not all(apple):
        raise SettingsError(
            "settings need changing (docs/settings.md):\n"
            "  OO_APPLE_CLIENT_ID, OO_APPLE_TEAM_ID and OO_APPLE_KEY_ID belong together"
        )
    return raw.model_copy(
        update={
            "rank_function": raw.rank_function or raw.name("rank"),
            "key_alias": raw.key_alias or f"alias/{raw.name('persons')}",
            "todoist_secret_parameter": raw.todoist_secret_parameter
            or f"/oo/{raw.stage}/todoist-client-secret",
            "google_calendar_secret_parameter": raw.google_calendar_secret_parameter
            or f"/oo/{raw.stage}/google-calendar-client-secret",
            "oidc_secret_parameter": raw.oidc_secret_parameter or f"/oo/{raw.stage}/oidc-client-secret",
            "google_secret_parameter": raw.google_secret_parameter or f"/oo/{raw.stage}/google-client-secret",
            "apple_key_parameter": raw.apple_key_parameter or f"/oo/{raw.stage}/apple-private-key",
        }
    )


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load(os.environ)
