"""Orphaned entries and the orphaned transactions that they become."""

import uuid
from collections.abc import Sequence

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import SELECTED
from cluster.nodes.log.applying import PAIRS, chunks, pairs
from cluster.nodes.log.windows import WINDOW_BYTES, Pace, image_bytes
from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.errors import NOT_WRITABLE, NodeFailed, Refused
from cluster.protocol.names import NodeName


def orphaned(connection: Connection, limit: int) -> list[Entry]:
    """Return the first `limit` orphaned entries, oldest first, or a window's worth of large ones."""
    pace = connection.known("pace of orphaned entries", lambda *_: Pace())
    asked = min(limit, pace.rows)
    sql = f"SELECT {SELECTED} FROM orphaned_entry ORDER BY log_id, epoch LIMIT %s"
    entries: list[Entry] = []
    size = 0
    for entry in map(Entry._make, connection.stream(sql, (asked,))):
        if size < WINDOW_BYTES:
            entries.append(entry)
            size += image_bytes(entry)
    pace.note(len(entries), is_full=size >= WINDOW_BYTES)
    return entries


def file_orphans(connection: Connection, found_on: NodeName, entries: Sequence[Entry]) -> None:
    """Insert entries into orphaned_transaction as a normal replicated write; known ones stay as they are.

    An entry of the cluster itself (a promotion that was never confirmed) asks for no decision.
    """
    sql = (
        "INSERT IGNORE INTO orphaned_transaction (id, log_id, epoch, transaction_id, log_sequence,"
        " operation_type, table_name, record_id, old_value, new_value, source_node, written_at,"
        " found_on, found_at, status, decision, reapplied_as)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6),"
        " IF(%s, 'DISMISSED', 'PENDING'), '', '')"
    )
    try:
        with connection.long_deadline() as own, own.rolled_back_on_error():
            own.run("SET @current_transaction_id = %s", (str(uuid.uuid4()),))
            own.run("START TRANSACTION")
            own.many(sql, (filed(entry, found_on) for entry in entries))
            own.commit()
    except NodeFailed as error:
        if error.code == NOT_WRITABLE:
            raise Refused(str(error)) from error
        raise


def filed(entry: Entry, found_on: NodeName) -> tuple[object, ...]:
    """Return the values of an entry's row of orphaned_transaction that the server does not choose."""
    return (
        f"{entry.epoch}-{entry.log_id}",
        entry.log_id,
        entry.epoch,
        entry.transaction_id,
        entry.log_sequence,
        entry.operation_type,
        entry.table_name,
        entry.record_id,
        entry.old_value,
        entry.new_value,
        entry.source_node,
        entry.timestamp,
        found_on.value,
        entry.is_control,
    )


def forget(connection: Connection, ids: Sequence[EntryId]) -> None:
    """Drop orphaned entries that are filed."""
    for chunk in chunks(ids, PAIRS):
        connection.run(
            f"DELETE FROM orphaned_entry WHERE (log_id, epoch) IN ({pairs(chunk)})",
            [part for entry_id in chunk for part in (entry_id.log_id, entry_id.epoch)],
        )
