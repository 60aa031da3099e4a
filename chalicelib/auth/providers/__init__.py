"""The registry of ways to sign in. Importing it loads no sign-in library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from chalicelib.auth.providers import apple, google, oidc
from chalicelib.auth.providers.base import Provider

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

REGISTRY: Final[tuple[Callable[[Settings], Provider | None], ...]] = (
    google.from_settings,
    apple.from_settings,
    oidc.from_settings,
)
"""Each makes its provider from the settings, or None where it is not set up."""


def configured_providers(settings: Settings) -> Mapping[str, Provider]:
    """The providers that this stage has, by name, in the order of the registry."""
    made = (make(settings) for make in REGISTRY)
    return {provider.name: provider for provider in made if provider is not None}
