"""Orphaned entries and the orphaned transactions that they become."""

import uuid
from collections.abc import Sequence

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import SELECTED
from cluster.nodes.log.applying import PAIRS, chunks, pairs
from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.errors import NOT_WRITABLE, NodeFailed, Refused
from cluster.protocol.names import NodeName


def orphaned(connection: Connection, limit: int) -> list[Entry]:
    """Return the first `limit` orphaned entries, oldest first."""
    rows = connection.rows(f"SELECT {SELECTED} FROM orphaned_entry ORDER BY log_id, epoch LIMIT %s", (limit,))
    return [Entry._make(row) for row in rows]


def file_orphans(connection: Connection, found_on: NodeName, entries: Sequence[Entry]) -> None:
    """Insert entries into orphaned_transaction as a normal replicated write; known ones stay as they are.

    An entry of the cluster itself (a promotion that was never confirmed) asks for no decision.
    """
    try:
        with connection.rolled_back_on_error():
            connection.run("SET @current_transaction_id = %s", (str(uuid.uuid4()),))
            connection.run("START TRANSACTION")
            connection.many(
                "INSERT IGNORE INTO orphaned_transaction (id, log_id, epoch, transaction_id, log_sequence,"
                " operation_type, table_name, record_id, old_value, new_value, source_node, written_at,"
                " found_on, found_at, status, decision, reapplied_as)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6),"
                " IF(%s, 'DISMISSED', 'PENDING'), '', '')",
                [
                    (
                        f"{e.epoch}-{e.log_id}",
                        e.log_id,
                        e.epoch,
                        e.transaction_id,
                        e.log_sequence,
                        e.operation_type,
                        e.table_name,
                        e.record_id,
                        e.old_value,
                        e.new_value,
                        e.source_node,
                        e.timestamp,
                        found_on.value,
                        e.is_control,
                    )
                    for e in entries
                ],
            )
            connection.commit()
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
