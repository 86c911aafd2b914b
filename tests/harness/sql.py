"""What tests ask of a server in plain SQL."""

from collections.abc import Sequence
from typing import Any

import MySQLdb
import pytest
from django.db import connections

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NOT_WRITABLE

ROW_ENTRIES = (
    "SELECT operation_type, table_name, record_id FROM transaction_log WHERE log_type = 'ROW' ORDER BY log_id"
)


def refusal(
    connection: Connection, sql: str, params: Sequence[Any] | None = None, code: int = NOT_WRITABLE
) -> str:
    """Return the sentence with which the server refuses a statement; `code` is the error number it must have."""
    with pytest.raises(MySQLdb.Error) as refused, connection.raw().cursor() as cursor:
        cursor.execute(sql, params)
    assert refused.value.args[0] == code, refused.value
    return str(refused.value.args[1])


def row_entries(connection: Connection) -> list[tuple[Any, ...]]:
    """Operation, table and record of each row entry, in the order of the log."""
    return list(connection.rows(ROW_ENTRIES))


def dump(connection: Connection, table: str) -> list[str]:
    """Every row of a table as text that differs when a single bit does."""
    columns = connection.rows(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
        (table,),
    )
    # FLOAT prints six digits; the DOUBLE that it stands for prints all that it holds.
    chosen = ", ".join(f"CAST(`{n}` AS DOUBLE)" if kind == "float" else f"`{n}`" for n, kind in columns)
    return sorted(repr(row) for row in connection.rows(f"SELECT {chosen} FROM `{table}`"))


def replicated_tables(connection: Connection) -> list[str]:
    """Return the tables that have a log trigger."""
    return [
        name
        for (name,) in connection.rows(
            "SELECT DISTINCT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
            " WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE '%\\_log\\_insert'"
            " ORDER BY 1"
        )
    ]


def raw(sql: str, *params: object) -> None:
    """Run a statement as an application does, through Django's default connection."""
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, params or None)
