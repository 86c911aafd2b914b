"""Put single rows and log entries of one node right. Which ones are right is decided by the caller."""

from collections.abc import Sequence
from itertools import groupby

from cluster.nodes.connection import Connection
from cluster.nodes.log import applying, images
from cluster.nodes.log.writing import write
from cluster.nodes.repair import row_snapshots
from cluster.nodes.schema.shape import TableShape
from cluster.protocol.differences import RowSnapshot
from cluster.protocol.entries import Entry


def replace_rows(connection: Connection, name: str, rows: Sequence[images.Values]) -> None:
    """Store rows by their keys.

    REPLACE, so that a wrong row which holds a unique value of a right one makes way for it: it differs from
    the primary's, so it is put right in its own turn.
    """
    for columns, alike in groupby(sorted(rows, key=list), key=list):
        names = ", ".join(f"`{column}`" for column in columns)
        connection.many(
            f"REPLACE INTO `{name}` ({names}) VALUES ({applying.marks(columns)})",
            [tuple(row.values()) for row in alike],
        )


def delete_rows(connection: Connection, shape: TableShape, record_ids: Sequence[str]) -> None:
    """Delete rows by the exact text of their keys; a key of numbers compared as text would match its neighbours."""
    for record_id in record_ids:
        condition, params = row_snapshots.at_record(shape, record_id)
        connection.run(f"DELETE t FROM `{shape.name}` AS t WHERE {condition}", params)


def bring_rows(
    source: Connection, target: Connection, epoch: int, shape: TableShape, record_ids: Sequence[str]
) -> int:
    """Make rows of a follower what they are on the primary; how many were changed.

    In the transaction of an append, so no entry arrives in between. Where the follower's log is not as far as
    the primary's, its row becomes what its own log says and the rest comes by replication.
    """
    right = row_snapshots.snapshot_rows(source, shape, record_ids)
    gone: list[str] = []
    there: list[images.Values] = []
    with applying.appending(target, epoch, boundary=False):
        for record_id, found in row_snapshots.read(target, shape, record_ids).items():
            image = image_due(right[record_id], found)
            if image is None and found.image is not None:
                gone.append(record_id)
            elif image is not None and image != found.image:
                there.append((images.values(found.image) if found.image else {}) | images.values(image))
        delete_rows(target, shape, gone)
        replace_rows(target, shape.name, there)
    return len(gone) + len(there)


def image_due(right: RowSnapshot, found: RowSnapshot) -> str | None:
    """Return the image that a follower's row should have, given the primary's."""
    if found.entry == right.entry:
        return found.image if right.against_log else right.image
    return found.image if found.entry is None else found.logged


def log_rows(primary: Connection, shape: TableShape, record_ids: Sequence[str]) -> int:
    """Write rows of the primary that contradict its log into the log as they are; how many. A normal write.

    A row that the log knows and the table does not is put back past the log and deleted through it.
    """

    def work(_transaction_id: str) -> int:
        snapshots = row_snapshots.read(primary, shape, record_ids)
        wrong = {record_id: found for record_id, found in snapshots.items() if found.against_log}
        for record_id, found in wrong.items():
            if found.image is None and found.logged is not None:
                put_back(primary, shape, found.logged)
            touch(primary, shape, record_id, delete=found.image is None)
        return len(wrong)

    return write(primary, work)


def touch(connection: Connection, shape: TableShape, record_id: str, *, delete: bool) -> None:
    """Delete a row, or write it as it is: the triggers of an UPDATE run for a row that stays the same."""
    key = f"`{shape.key[0].name}`"
    verb = (
        f"DELETE t FROM `{shape.name}` AS t"
        if delete
        else f"UPDATE `{shape.name}` AS t SET t.{key} = t.{key}"
    )
    condition, params = row_snapshots.at_record(shape, record_id)
    connection.run(f"{verb} WHERE {condition}", params)


def put_back(connection: Connection, shape: TableShape, image: str) -> None:
    """Store a row past guard and log, in the open transaction."""
    connection.run("SELECT secret INTO @federated_operation FROM apply_secret")
    try:
        replace_rows(connection, shape.name, [images.values(image)])
    finally:
        connection.run("SET @federated_operation = NULL")


def replace_entries(connection: Connection, epoch: int, entries: Sequence[Entry], *, rows: bool) -> None:
    """Make entries of a node's log what they are in `entries`, and add those that it lacks.

    rows: bring their records to the newest images too. Not on the primary: there a writer may hold the row
    with an entry that nobody can see yet.
    """
    with applying.appending(connection, epoch, boundary=True):
        for chunk in applying.chunks(entries, applying.PAIRS):
            connection.run(
                f"DELETE FROM transaction_log WHERE (log_id, epoch) IN ({applying.pairs(chunk)})",
                [part for entry in chunk for part in (entry.log_id, entry.epoch)],
            )
        connection.many(applying.LOG_INSERT, entries)
        if rows:
            applying.store_entries(connection, [entry.id for entry in entries])
        connection.rows("CALL lower_watermark(%s)", (min(entry.log_id for entry in entries) - 1,))
