"""Writes without a replicator, and what a node's log and tables hold of them."""

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.entries import Entry


def count(app, record: int, transaction: str | None = None) -> None:
    """Write once: a new counter, or one more."""
    app.run("SET @current_transaction_id = %s", (transaction,))
    app.run(
        "INSERT INTO test_counter VALUES (%s, 1, '') ON DUPLICATE KEY UPDATE value = value + 1", (record,)
    )


def entries(node: MariaDBNode, after: int = 0) -> list[Entry]:
    """Return all entries of a log that stand after `after`."""
    return list(node.read_log(after, 1_000_000).entries)


def counters(node: MariaDBNode) -> dict[int, int]:
    """Return the value of each counter of a node."""
    return dict(node.connection.rows("SELECT id, value FROM test_counter"))
