"""The base of every PynamoDB table: names by stage, timeouts, retries.

    class SignalRow(Row):
        class Meta(TableMeta):
            table_name = table_name("signals")

Stores are imported lazily (by `wiring`), so the stage is known when a class is made.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

from pynamodb.connection import Connection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

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


class Row(Model):  # type: ignore[misc]
    """A table's class that shares one client with all others: each client of its own costs the process
    50 to 100 ms, as botocore reads its whole description of DynamoDB again."""

    @classmethod
    def _get_connection(cls) -> Any:
        fresh = cls._connection is None
        table = super()._get_connection()
        if fresh:
            shared = _shared(os.environ.get("AWS_ENDPOINT_URL"))
            if table.table_name not in shared._tables:
                shared.add_meta_table(table.get_meta_table())
            table.connection = shared
        return table

    @classmethod
    def transaction(cls) -> TransactWrite:
        """A transaction over the shared client."""
        return TransactWrite(connection=cls._get_connection().connection)


@cache
def _shared(endpoint: str | None) -> Connection:
    """The one connection to an endpoint (the variable is read by botocore itself)."""
    return Connection(
        region=TableMeta.region,
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
        max_pool_connections=TableMeta.max_pool_connections,
    )
