"""Defaults that differ from call to call: drawn once for the rows of all nodes, and kept on each."""

import json
from collections.abc import Collection

from django.db.backends.mysql.schema import DatabaseSchemaEditor

from cluster.nodes.connection import Connection
from cluster.nodes.schema.migration_steps import Key, Step
from cluster.nodes.schema.shape import AnyField, dialect

Place = tuple[str, str]
"""A table and a column."""
Defaults = dict[Place, object]
"""What each default that is computed gave: the same on every node."""


def computing(step: Step) -> AnyField | None:
    """Return the field whose default the step computes for the rows that are there, None when there is none."""
    field = step.field()
    return field if field is not None and not field.many_to_many and is_computed(field) else None


def compute_default(field: AnyField) -> object:
    """Return what the rows that are there get. A default may ask the database itself: nothing is locked yet."""
    return DatabaseSchemaEditor(dialect()).effective_default(field)


def place_of(field: AnyField) -> Place:
    """Return the place of a field's default among those of a run."""
    return field.model._meta.db_table, str(field.column)


def is_computed(field: AnyField) -> bool:
    """Return whether the default differs from call to call."""
    return (
        callable(field.default) or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    )


def settle(
    field: AnyField, key: Key, number: int, everywhere: Collection[Connection], here: Collection[Connection]
) -> object:
    """Return what the rows that are there get from a computed default of an operation, once `here` keeps it.

    What a node of `everywhere` keeps counts: it is of an earlier run that was cut off, or the others had the operation
    while a node was away. Call it before anything is changed, so that whoever goes on finds it.
    """
    known = [value for connection in everywhere for value in stored(connection, key, number)]
    value = known[0] if known else compute_default(field)
    for connection in here:
        store(connection, key, number, value)
    return value


def stored(connection: Connection, key: Key, number: int) -> list[object]:
    """Return a list of what an operation's computed default gave, empty where the node does not know."""
    rows = connection.rows(
        "SELECT value FROM computed_default WHERE app = %s AND name = %s AND step = %s", (*key, number)
    )
    return [json.loads(value, object_hook=from_tagged) for (value,) in rows]


def store(connection: Connection, key: Key, number: int, value: object) -> None:
    """Keep what an operation's computed default gave."""
    connection.run(
        "REPLACE INTO computed_default (app, name, step, value) VALUES (%s, %s, %s, %s)",
        (*key, number, json.dumps(value, default=tagged)),
    )


def tagged(value: object) -> dict[str, str]:
    """Return JSON for what has none of its own: bytes, and all that a column takes as text."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else {"text": str(value)}


def from_tagged(found: dict[str, str]) -> object:
    """Return what `tagged` was given, or its text, which the server takes in its place."""
    return bytes.fromhex(found["bytes"]) if "bytes" in found else found["text"]


def forget(connection: Connection, key: Key) -> None:
    """Forget what a migration computed that was taken back."""
    connection.run("DELETE FROM computed_default WHERE app = %s AND name = %s", key)
