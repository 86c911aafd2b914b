"""The shape of a table as the server has it: its key, and whether a second unique key could collide."""

from dataclasses import dataclass

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NodeFailed

NO_SUCH_TABLE = 1146


@dataclass(frozen=True, slots=True)
class Table:
    """key: the primary key's columns in order. further_keys: there are unique keys besides it.

    generated_key: the server hands out the key where none is given.
    """

    name: str
    key: tuple[str, ...]
    further_keys: bool
    generated_key: bool


def table(connection: Connection, name: str) -> Table:
    """Read a table's shape. Raises NodeFailed when the server has no such table or it has no key."""
    rows = connection.rows(
        "SELECT index_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
        " AND table_name = %s AND non_unique = 0 ORDER BY index_name, seq_in_index",
        (name,),
    )
    key = tuple(column for index, column in rows if index == "PRIMARY")
    if not key:
        reason = f"there is no table {name} with a primary key"
        raise NodeFailed(connection.node, reason, NO_SUCH_TABLE)
    (generated,) = connection.row(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s"
        " AND auto_increment IS NOT NULL",
        (name,),
    )
    further = any(index != "PRIMARY" for index, _ in rows)
    return Table(name, key, further_keys=further, generated_key=bool(generated))
