"""The fixtures of the page's tests."""

from tests.e2e.page.visits import browser, visit

__all__ = ["browser", "visit"]
