"""Snapshots at single rows of one node, each together with the newest entry of its record.

Every statement is a range of the table's key or of an index of the log.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cluster.nodes.connection import Connection
from cluster.nodes.repair.comparing import Key, text
from cluster.nodes.schema.shape import Column, TableShape, bits_as_hex, bytes_as_hex
from cluster.protocol.differences import RowSnapshot, entry_id
from cluster.protocol.entries import EntryId

BATCH = 500
"""Records read together."""


def key_of(shape: TableShape, record_id: str) -> Key:
    """Return the key's values that a record id stands for."""
    parts = [record_id] if len(shape.key) == 1 else json.loads(record_id)
    return tuple(key_value(column, part) for column, part in zip(shape.key, parts, strict=True))


def key_value(column: Column, text: str) -> str | bytes | int:
    """Return one column of a key; the inverse of `cluster.nodes.schema.shape.key_text`."""
    if column.expression is bytes_as_hex:
        return bytes.fromhex(text)
    return int(text, 16) if column.expression is bits_as_hex else text


def snapshot_rows(
    connection: Connection, shape: TableShape, record_ids: Sequence[str], stored: str | None = None
) -> dict[str, RowSnapshot]:
    """Return each record's row and newest entry, all of one moment. stored: SQL of a row's stored values, if wanted."""
    with connection.snapshot():
        snapshots = read(connection, shape, record_ids)
        if stored is None:
            return snapshots
        held: dict[str, str] = {}
        for chunk in chunks(record_ids):
            sql, params = rows_query(shape, stored, chunk)
            held |= {text(record): text(row) for record, row in connection.rows(sql, params)}
        return {record: replace(seen, stored=held.get(record)) for record, seen in snapshots.items()}


def read(connection: Connection, shape: TableShape, record_ids: Sequence[str]) -> dict[str, RowSnapshot]:
    """Return each record's row and newest entry, as the open transaction sees them."""
    snapshots: dict[str, RowSnapshot] = {}
    for chunk in chunks(record_ids):
        rows, newest = images(connection, shape, chunk), newest_entries(connection, shape.name, chunk)
        logged = logged_images(connection, list(newest.values()))
        snapshots |= {
            record: RowSnapshot(rows.get(record), entry, logged[entry] if entry else None)
            for record in chunk
            for entry in [newest.get(record)]
        }
    return snapshots


def images(connection: Connection, shape: TableShape, record_ids: Sequence[str]) -> dict[str, str]:
    """Return the images of the rows that exist, by record id: ranges of the primary key."""
    sql, params = images_query(shape, record_ids)
    return {text(record): text(image) for record, image in connection.rows(sql, params)}


def images_query(shape: TableShape, record_ids: Sequence[str]) -> tuple[str, list[object]]:
    """Return the statement of `images` and its parameters."""
    return rows_query(shape, shape.image("t"), record_ids)


def rows_query(shape: TableShape, value: str, record_ids: Sequence[str]) -> tuple[str, list[object]]:
    """Return the statement for record id and `value` (SQL) of the rows that exist, and its parameters."""
    key = ", ".join(f"t.`{column.name}`" for column in shape.key)
    keys = ", ".join([f"({', '.join(['%s'] * len(shape.key))})"] * len(record_ids))
    sql = (
        f"SELECT {shape.record('t')}, {value} FROM `{shape.name}` AS t FORCE INDEX (PRIMARY)"
        f" WHERE ({key}) IN ({keys})"
    )
    return sql, [value for record_id in record_ids for value in key_of(shape, record_id)]


NEWEST = (
    "SELECT record_id, MAX(CONCAT(LPAD(epoch, 10, '0'), '-', LPAD(log_id, 20, '0')))"
    " FROM transaction_log FORCE INDEX (transaction_log_record)"
    " WHERE table_name = %s AND record_id IN ({}) GROUP BY record_id"
)
"""The newest entry of each record, from the index alone."""


def newest_entries(connection: Connection, name: str, record_ids: Sequence[str]) -> dict[str, EntryId]:
    """Return the newest entry of each record that has any."""
    marks = ", ".join(["%s"] * len(record_ids))
    rows = connection.rows(NEWEST.format(marks), [name, *record_ids])
    return {record: entry_id(newest) for record, newest in rows}


def logged_images(connection: Connection, ids: Sequence[EntryId]) -> dict[EntryId, str | None]:
    """Return `new_value` of each of these entries."""
    if not ids:
        return {}
    rows = connection.rows(
        f"SELECT epoch, log_id, new_value FROM transaction_log"
        f" WHERE (epoch, log_id) IN ({', '.join(['(%s, %s)'] * len(ids))})",
        [part for entry in ids for part in entry],
    )
    return {EntryId(epoch, log_id): image for epoch, log_id, image in rows}


def at_record(shape: TableShape, record_id: str) -> tuple[str, list[object]]:
    """Return the condition that finds the row of a record by its key, byte for byte, and its parameters."""
    parts = [f"t.`{column.name}` = %s" for column in shape.key]
    exact = f"BINARY {shape.record('t')} = BINARY %s"
    return " AND ".join([*parts, exact]), [*key_of(shape, record_id), record_id]


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield `items` in parts of BATCH."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
