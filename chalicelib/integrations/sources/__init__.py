"""The registry of third parties. Importing it loads no library that calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from chalicelib.integrations.contract import Source
from chalicelib.integrations.sources import google_calendar, sandbox, todoist

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

REGISTRY: Final[tuple[Callable[[Settings], Source | None], ...]] = (
    todoist.from_settings,
    google_calendar.from_settings,
    sandbox.from_settings,
)
"""Each makes its source from the settings, or None where it is not set up."""


def configured_sources(settings: Settings) -> Mapping[str, Source]:
    """The sources of this stage, by name, in the order of the registry."""
    made = (make(settings) for make in REGISTRY)
    return {source.name: source for source in made if source is not None}
