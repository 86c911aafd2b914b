"""Records that a node could not store: their newest entry is in its log, their row is not what it says."""

from typing import NamedTuple

from cluster.nodes.connection import Connection


class QuarantinedEntry(NamedTuple):
    """The record, the entry that could not be stored, the server's reason, and when it was tried last (UTC)."""

    table_name: str
    record_id: str
    epoch: int
    log_id: int
    transaction_id: str | None
    reason: str
    tried_at: str


def quarantined(connection: Connection, limit: int | None = None) -> list[QuarantinedEntry]:
    """Return those of one node, the oldest entry first. Raises NodeUnreachable, NodeFailed."""
    sql = (
        "SELECT held.table_name, held.record_id, held.epoch, held.log_id, entry.transaction_id, held.reason,"
        " CAST(held.tried_at AS CHAR) FROM quarantined_entry AS held"
        " LEFT JOIN transaction_log AS entry USING (log_id, epoch) ORDER BY held.epoch, held.log_id"
    )
    rows = connection.rows(sql if limit is None else f"{sql} LIMIT {limit:d}")
    return [QuarantinedEntry._make(row) for row in rows]


def retry(connection: Connection) -> tuple[int, int]:
    """Try again to store them; how many were released, and how many are held still."""
    released, held = connection.row("CALL retry_quarantined()")
    return int(released), int(held)
