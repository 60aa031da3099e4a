"""The base of every PynamoDB table: names by stage, timeouts, retries.

    class SignalRow(Model):
        class Meta(TableMeta):
            table_name = table_name("signals")

Stores are imported lazily (by `wiring`), so the stage is known when a class is made.
"""

from __future__ import annotations

import os
from typing import Final

from chalicelib.contracts.stores import physical_name
from chalicelib.runtime.settings import settings


class TableMeta:
    """What every table's Meta inherits. The emulator is chosen by `AWS_ENDPOINT_URL`."""

    region: Final = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "eu-central-1"
    connect_timeout_seconds: Final = 2
    read_timeout_seconds: Final = 5
    max_retry_attempts: Final = 3
    max_pool_connections: Final = 10


def table_name(store: str) -> str:
    """The physical name of a listed store in this process's stage."""
    return physical_name(settings().stage, store)
