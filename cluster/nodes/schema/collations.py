"""Which collation the replicated tables compare text by, and whether it tells all characters apart."""

from collections.abc import Sequence

from django.db.models import Model

from cluster.nodes.connection import Connection, Row

LINGUISTIC = "utf8mb4_uca1400_ai_ci"
"""Of every new node's database, and so of each table whose model names no other: case, accents and trailing spaces do
not matter, all other characters do. The server's own default, utf8mb4_general_ci, takes all emoji for one."""


def blurred(connection: Connection, models: Sequence[type[Model]]) -> list[str]:
    """Return what compares by a collation that takes different characters for one, for a sentence."""
    database = connection.row(
        "SELECT 'the database', '', DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"
        " WHERE SCHEMA_NAME = DATABASE()"
    )
    rows = [database, *(row for model in models for row in columns(connection, model._meta.db_table))]
    chosen = {
        (model._meta.db_table, field.column)
        for model in models
        for field in model._meta.concrete_fields
        if getattr(field, "db_collation", None)
    }
    used = sorted({(name, collation) for name, column, collation in rows if (name, column) not in chosen})
    wrong = {collation for _, collation in used if not tells_apart(connection, collation)}
    return [f"{name} has {collation}" for name, collation in used if collation in wrong]


def columns(connection: Connection, table: str) -> tuple[Row, ...]:
    """Return the columns of a table that may hold any character. One table a query, or the server opens every one."""
    return connection.rows(
        "SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND CHARACTER_SET_NAME = 'utf8mb4'",
        (table,),
    )


def tells_apart(connection: Connection, collation: str) -> bool:
    """Return whether two emoji are two characters in a collation of utf8mb4."""
    if not collation.startswith("utf8mb4_"):
        return True
    sql = f"SELECT _utf8mb4 X'F09F9880' COLLATE {collation} <> _utf8mb4 X'F09F9881' COLLATE {collation}"
    return bool(connection.row(sql)[0])
