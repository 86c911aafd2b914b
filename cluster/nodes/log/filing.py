"""Orphaned entries and the orphaned transactions that they become."""

import uuid
from collections.abc import Sequence

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import SELECTED
from cluster.nodes.log.applying import PAIRS, chunks, pairs
from cluster.nodes.log.orphan import INSERT, filed
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
    """Insert entries into orphaned_transaction as a normal replicated write; known ones stay as they are."""
    try:
        with connection.long_deadline() as own, own.rolled_back_on_error():
            own.run("SET @current_transaction_id = %s", (str(uuid.uuid4()),))
            own.run("START TRANSACTION")
            own.many(INSERT, (filed(entry, found_on) for entry in entries))
            own.commit()
    except NodeFailed as error:
        if error.code == NOT_WRITABLE:
            raise Refused(str(error)) from error
        raise


def forget(connection: Connection, ids: Sequence[EntryId]) -> None:
    """Drop orphaned entries that are filed."""
    for chunk in chunks(ids, PAIRS):
        connection.run(
            f"DELETE FROM orphaned_entry WHERE (log_id, epoch) IN ({pairs(chunk)})",
            [part for entry_id in chunk for part in (entry_id.log_id, entry_id.epoch)],
        )
