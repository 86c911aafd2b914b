"""Large transactions: their parts are kept beside the log until all are here, then appended whole."""

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import COLUMNS, MARKS
from cluster.protocol.node import Appended, LargeTransaction
from cluster.protocol.parts import Part, Piece, Position

DROPPED = {"staged_entry": 5_000, "staged_piece": 20}
"""Rows of one delete."""
PIECE_COLUMNS = ", ".join(Piece._fields)


def staged(connection: Connection, large: LargeTransaction) -> Position:
    """Return the last entry that is here whole."""
    (last,) = connection.row(
        "SELECT COALESCE(MAX(log_id), 0) FROM staged_entry WHERE transaction_id = %s AND epoch = %s",
        (large.transaction_id, large.epoch),
    )
    return Position(int(last))


def stage(connection: Connection, part: Part) -> None:
    """Keep a part. May be repeated. An entry is here only if all of its pieces are."""
    if part.piece is not None:
        stage_piece(connection, part.piece)
    connection.many(
        f"INSERT INTO staged_entry ({COLUMNS}) VALUES ({MARKS}) ON DUPLICATE KEY UPDATE log_id = VALUES(log_id)",
        part.entries,
    )


def stage_piece(connection: Connection, piece: Piece) -> None:
    """Keep a piece of an entry. Pieces begin at the same bytes each time, so one that comes again is the same."""
    connection.run(
        f"INSERT INTO staged_piece ({PIECE_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON DUPLICATE KEY UPDATE start = VALUES(start)",
        piece,
    )


def put_together(connection: Connection, piece: Piece) -> None:
    """Give an entry of the log that has no images yet those whose pieces are here, and drop these."""
    key = (piece.log_id, piece.epoch)
    connection.run("SET SESSION group_concat_max_len = 1073741824")
    connection.run(
        "UPDATE transaction_log SET old_value = staged_image(log_id, epoch, FALSE),"
        " new_value = staged_image(log_id, epoch, TRUE) WHERE log_id = %s AND epoch = %s",
        key,
    )
    connection.run("SET SESSION group_concat_max_len = DEFAULT")
    connection.run("DELETE FROM staged_piece WHERE log_id = %s AND epoch = %s", key)


def install(connection: Connection, epoch: int, large: LargeTransaction, boundary: bool) -> Appended:
    """Append all of it in one transaction of the server; see sql/cluster/procedures/log/install_staged.sql.

    Over a connection of its own, which waits as long as that takes.
    """
    with connection.long_deadline() as own:
        (added,) = own.row(
            "CALL install_staged(%s, %s, %s, %s, %s)",
            (epoch, boundary, large.transaction_id, large.epoch, large.entries),
        )
    return Appended(int(added), 1 if added else 0)


def drop(connection: Connection, before_epoch: int) -> None:
    """Forget what is left of earlier epochs."""
    for table, limit in DROPPED.items():
        dropped = limit
        while dropped == limit:
            dropped = connection.run(f"DELETE FROM {table} WHERE epoch < %s LIMIT %s", (before_epoch, limit))
