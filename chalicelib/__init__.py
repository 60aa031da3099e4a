"""The modular monolith: one deployable, one folder per module."""

import gc
import os

# What a process imports stays, and looking through it after every 700 new objects is a tenth of a cold start.
# Nothing here leaves so many objects in circles that the collector could not look later.
gc.set_threshold(50_000)

# pydantic would look for its plugins in what every installed package says of itself. There are none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
