"""The settings of calling language models; part of `settings.Settings`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class ModelSettings(BaseModel):
    """Where models are, what they are asked for, what they may cost."""

    litellm_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?$",
        description="The LiteLLM proxy (or whatever speaks its protocol) that knows the aliases "
        "`tip-generator`, `embedder` and `judge`; empty: no model is called, rules serve.",
    )
    litellm_key_parameter: str = Field(
        default="",
        description="SSM parameter that holds the key at that proxy; the functions may read "
        "/oo/<stage>/litellm-key. Empty: none is sent.",
    )
    wording_mode: Literal["write", "reword"] = Field(
        default="write",
        description="What the alias `tip-generator` is asked for: to write freely (1.5 billion parameters "
        "and up), or only to reword a finished sentence.",
    )
    model_timeout_ms: int = Field(
        default=8_000, ge=100, le=25_000, description="How long one call of a model may take, in all."
    )
    theme_alike: float = Field(
        default=0.23,
        ge=0,
        le=1,
        description="From this cosine between tasks, without what all have in common, they are of one theme; "
        "it belongs to the model behind the alias `embedder`.",
    )
    person_tokens_per_day: int = Field(
        default=20_000,
        ge=0,
        description="Tokens that models may read and write for one person in a day (UTC); beyond, "
        "rules serve.",
    )
    deployment_tokens_per_day: int = Field(
        default=2_000_000, ge=0, description="The same for everybody together."
    )
