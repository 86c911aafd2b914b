"""Large transactions: their parts are kept beside the log until all are here, then appended whole."""

from collections.abc import Sequence

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import COLUMNS, MARKS
from cluster.protocol.entries import Entry
from cluster.protocol.node import Appended, LargeTransaction

INSTALL_SECONDS = 900.0
"""Seconds that a server may take to append one large transaction."""
DROPPED = 5_000
"""Entries of one delete."""


def staged(connection: Connection, large: LargeTransaction) -> int:
    """Return the last log id of which a part is here; 0 for none."""
    (last,) = connection.row(
        "SELECT COALESCE(MAX(log_id), 0) FROM staged_entry WHERE transaction_id = %s AND epoch = %s",
        (large.transaction_id, large.epoch),
    )
    return int(last)


def stage(connection: Connection, entries: Sequence[Entry]) -> None:
    """Keep a part. May be repeated."""
    connection.many(
        f"INSERT INTO staged_entry ({COLUMNS}) VALUES ({MARKS}) ON DUPLICATE KEY UPDATE log_id = VALUES(log_id)",
        entries,
    )


def install(connection: Connection, epoch: int, large: LargeTransaction, boundary: bool) -> Appended:
    """Append all of it in one transaction of the server; see sql/cluster/procedures/log/install_staged.sql.

    Over a connection of its own, which waits as long as that takes.
    """
    patient = Connection(connection.endpoint, timeout=INSTALL_SECONDS, lock_wait=int(INSTALL_SECONDS))
    try:
        (added,) = patient.row(
            "CALL install_staged(%s, %s, %s, %s, %s)",
            (epoch, boundary, large.transaction_id, large.epoch, large.entries),
        )
    finally:
        patient.close()
    return Appended(int(added), 1 if added else 0)


def drop(connection: Connection, before_epoch: int) -> None:
    """Forget what is left of earlier epochs."""
    dropped = DROPPED
    while dropped == DROPPED:
        dropped = connection.run(
            "DELETE FROM staged_entry WHERE epoch < %s LIMIT %s", (before_epoch, DROPPED)
        )
