"""What one node's log says of a transaction or of a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cluster.nodes.connection import Connection


@dataclass(frozen=True, slots=True)
class Noted:
    """A transaction as a node's log has it: the epoch, who wrote it (`source_node`), when (UTC)."""

    epoch: int
    source: str
    at: datetime


def noted(connection: Connection, transaction_id: str) -> Noted | None:
    """Return the transaction in the node's log, None where it is not. Raises NodeUnreachable, NodeFailed."""
    rows = connection.rows(
        "SELECT epoch, source_node, `timestamp` FROM transaction_log WHERE transaction_id = %s"
        " ORDER BY log_id DESC LIMIT 1",
        (transaction_id,),
    )
    return Noted(int(rows[0][0]), str(rows[0][1]), rows[0][2].replace(tzinfo=UTC)) if rows else None


def arrived(connection: Connection, transaction_ids: Sequence[str]) -> frozenset[str]:
    """Return those transactions that the node's log has. Raises NodeUnreachable, NodeFailed."""
    if not transaction_ids:
        return frozenset()
    marks = ", ".join(["%s"] * len(transaction_ids))
    rows = connection.rows(
        f"SELECT DISTINCT transaction_id FROM transaction_log WHERE transaction_id IN ({marks})",
        transaction_ids,
    )
    return frozenset(str(row[0]) for row in rows)


def entries_around(connection: Connection, epoch: int) -> tuple[float | None, float | None]:
    """Return when the last write before an epoch was, and the first one in it: seconds since 1970, None for none.

    Writes of the applications: control entries and what recovery files do not count. Log ids rise over epochs.
    """
    promotion = connection.rows(
        "SELECT log_id FROM transaction_log WHERE table_name = '' AND record_id = 'PROMOTION' AND epoch = %s",
        (epoch,),
    )
    if not promotion:
        return None, None
    own = "SELECT UNIX_TIMESTAMP(`timestamp`) FROM transaction_log WHERE table_name NOT IN ('', 'orphaned_transaction')"
    before = connection.rows(f"{own} AND log_id < %s ORDER BY log_id DESC LIMIT 1", promotion[0])
    after = connection.rows(
        f"{own} AND log_id > %s AND epoch = %s ORDER BY log_id LIMIT 1", (*promotion[0], epoch)
    )
    return tuple(float(rows[0][0]) if rows else None for rows in (before, after))  # type: ignore[return-value]
