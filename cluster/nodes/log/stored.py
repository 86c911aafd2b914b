"""What a server stores in a row, to the last bit, read without the images that the log carries.

The columns are those that the node itself names: an image, and the model that shapes it, may leave out what
differs.
"""

from collections.abc import Mapping

from cluster.nodes.connection import Connection

NUMBERED = ("enum", "set", "year", "bit")
"""Types whose number says more than their text: index 0 of an ENUM and the member '' print alike."""


def stored_columns(connection: Connection, table: str) -> dict[str, str]:
    """Return SQL of the stored value of each column of a table on a node, in the order of their names."""
    rows = connection.rows(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY COLUMN_NAME",
        (table,),
    )
    return {name: stored(f"t.`{name}`", kind) for name, kind in rows}


def stored(column: str, kind: str) -> str:
    """Return SQL of a text that differs when a bit of the stored value does, whatever the session's settings."""
    if kind in NUMBERED:
        return f"CONCAT({column} + 0, ' ', HEX({column}))"
    if kind in ("float", "double"):
        # FLOAT prints six digits, the DOUBLE that it stands for all; either prints the sign of zero.
        return f"CAST(CAST({column} AS DOUBLE) AS CHAR)"
    if kind == "timestamp":
        return f"CAST(UNIX_TIMESTAMP({column}) AS CHAR)"
    return f"SHA1(BINARY {column})"


def stored_row(columns: Mapping[str, str]) -> str:
    """Return SQL of a JSON object: each column and its stored value."""
    pairs = [f"'{name}', {value}" for name, value in columns.items()]
    return f"JSON_OBJECT({', '.join(pairs)})"
