"""Examples of property tests have no deadline: how long one takes says how busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("oo", deadline=None)
settings.load_profile("oo")
