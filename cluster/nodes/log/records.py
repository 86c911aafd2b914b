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
