"""What a rebuild does on the node that is rebuilt: out of the cluster, filled, back again.

A node is withdrawn by writing its promise as a negative number, in the row where every vote, push and lease
snapshots for it as an unsigned one: the server refuses them all with an error, a claim included, until the number
is positive again. The promise itself is kept that way, through a crash, a restart and a set-up.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cluster.conf import ClusterConf
from cluster.nodes.connection import LOCK_WAIT, Connection
from cluster.nodes.log import applying, staging
from cluster.nodes.log.images import values
from cluster.nodes.log.windows import image_bytes, in_windows
from cluster.nodes.repair import comparing
from cluster.nodes.repair.comparing import Comparable, Span
from cluster.nodes.repair.repairing import replace_rows
from cluster.nodes.schema import catalogue, install
from cluster.nodes.schema.shape import TableShape
from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.errors import NodeFailed, Refused, WritersBusy
from cluster.protocol.names import Mode
from cluster.protocol.parts import Part

LOST, KEPT = "memory lost", "memory kept"
DELETED = 10_000
"""Entries deleted in one statement."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A node that takes no part. lost: it did not know what it had promised, its data is new."""

    epoch: int
    lost: bool


def lock_rebuild(connection: Connection) -> None:
    """Be the only rebuild of this node for as long as the connection lives. Raises Refused."""
    name = f"mco2.{connection.endpoint.database}.rebuild"
    if connection.row("SELECT IS_USED_LOCK(%s) <=> CONNECTION_ID() OR GET_LOCK(%s, 0)", (name, name))[0] != 1:
        raise Refused(f"{connection.node.label} is being rebuilt by another process.")


def make_memory(connection: Connection) -> None:
    """Create node_config where it is missing: the only part of the kernel that a withdrawal needs."""
    (statement,) = (item.statement for item in catalogue.kernel_tables() if item.name == "node_config")
    connection.run(statement)


def withdraw(connection: Connection, epoch: int, consent_seconds: float, settings: ClusterConf) -> Withdrawn:
    """Take the node out of every vote, push and lease, durably; may be repeated.

    A node without memory may have consented to the primary's lease a moment ago, so it records such a consent
    anew: for `consent_seconds`, on its own clock. It never has a part of its configuration only. Raises
    Refused when it has promised a higher epoch than `epoch`, WritersBusy.
    """
    try:
        with connection.rolled_back_on_error():
            connection.run("START TRANSACTION")
            known = {
                key: value
                for key in ("node_mode", "epoch", "rebuilding")
                for value in locked(connection, key)
            }
            withdrawn = Withdrawn(epoch, lost=is_lost(known))
            check_promise(connection, known, epoch)
            note = {"epoch": -epoch, "node_mode": Mode.RECOVERING.value}
            if withdrawn.lost:
                note |= {
                    "consent_epoch": epoch,
                    "consent_until": now(connection) + consent_seconds,
                    "consent_seconds": consent_seconds,
                }
            remember(connection, note | {"rebuilding": LOST if withdrawn.lost else KEPT})
            install.configure(connection, settings)
            connection.commit()
    except NodeFailed as error:
        if error.code == LOCK_WAIT:
            raise WritersBusy(connection.node, connection.lock_wait) from error
        raise
    return withdrawn


def locked(connection: Connection, key: str) -> list[str]:
    """Return the value of one row of node_config, locked; nothing when there is none."""
    rows = connection.rows("SELECT config_value FROM node_config WHERE config_key = %s FOR UPDATE", (key,))
    return [value for (value,) in rows]


def is_lost(known: Mapping[str, str]) -> bool:
    """Return whether the node does not know its promises: no data, or data that was set up and never used."""
    if "rebuilding" in known:
        return known["rebuilding"] == LOST
    return int(known.get("epoch", 0)) == 0


def check_promise(connection: Connection, known: Mapping[str, str], epoch: int) -> None:
    """Refuse when the node has promised a higher epoch than `epoch`."""
    promised = abs(int(known.get("epoch", 0)))
    if promised > epoch:
        raise Refused(
            f"{connection.node.label} has promised epoch {promised} and the primary leads in epoch {epoch}: "
            "another promotion is under way. Read cluster_status and try again."
        )


def now(connection: Connection) -> float:
    """Return the node's own clock."""
    return float(connection.row("SELECT UNIX_TIMESTAMP(SYSDATE(6))")[0])


def remember(connection: Connection, facts: Mapping[str, object]) -> None:
    """Set rows of node_config."""
    connection.many(
        "INSERT INTO node_config (config_key, config_value) VALUES (%s, %s)"
        " ON DUPLICATE KEY UPDATE config_value = VALUES(config_value)",
        list(facts.items()),
    )


def rejoin(connection: Connection, epoch: int, watermark: int, pruned: int, entries: int) -> None:
    """Take part again, still RECOVERING, with all entries up to `watermark` known to be complete.

    pruned: how far the log was pruned that was copied. entries: how many it has ever had up to `watermark`.
    """
    with connection.rolled_back_on_error():
        connection.run("START TRANSACTION")
        require_withdrawn(connection)
        (held,) = connection.row("SELECT COUNT(*) FROM transaction_log WHERE log_id <= %s", (watermark,))
        remember(
            connection,
            {
                "epoch": epoch,
                "commit_watermark": watermark,
                "commit_watermark_entries": entries,
                "pruned_log_id": pruned,
                "pruned_entries": entries - held,
                "replayed_transactions": 0,
            },
        )
        connection.run("DELETE FROM node_config WHERE config_key = 'rebuilding'")
        connection.commit()


def require_withdrawn(connection: Connection) -> None:
    """Lock the promise and check that the node is withdrawn. Raises Refused."""
    locked(connection, "node_mode")
    if int(locked(connection, "epoch")[0]) >= 0:
        raise Refused(f"{connection.node.label} was taken back into the cluster meanwhile; start again.")


@contextmanager
def rewriting(connection: Connection) -> Iterator[None]:
    """Open a transaction past guard and log on a withdrawn node."""
    with connection.rolled_back_on_error():
        connection.run("START TRANSACTION")
        require_withdrawn(connection)
        connection.run("SELECT secret INTO @federated_operation FROM apply_secret")
        yield
        connection.run("SET @federated_operation = NULL")
        connection.commit()


def copy_entries(source: Connection, target: Connection, span: Span) -> None:
    """Make a span of the target's log what the source's is. No row is touched."""
    with rewriting(target):
        clear(target, comparing.LOG_TABLE, span)
        for entries in in_windows(comparing.entries(source, span), image_bytes):
            target.many(applying.LOG_INSERT, entries)


def copy_rows(source: Connection, target: Connection, shape: TableShape, span: Span) -> None:
    """Make a span of a table what it is on the source."""
    with rewriting(target):
        clear(target, comparing.comparable(shape), span)
        for images in in_windows(comparing.images_of_span(source, shape, span), len):
            replace_rows(target, shape.name, [values(image) for image in images])


def make_like(source: Connection, target: Connection, table: str) -> None:
    """Make a table anew, empty and without triggers, as the source has it."""
    (_, statement) = source.row(f"SHOW CREATE TABLE `{table}`")
    target.run(f"DROP TABLE `{table}`")
    target.run(statement)


def clear(connection: Connection, table: Comparable, span: Span) -> None:
    """Delete the rows of a span."""
    condition, params = comparing.within(table, span)
    connection.run(f"DELETE t FROM `{table.name}` AS t WHERE {condition}", params)


def fill(connection: Connection, part: Part) -> None:
    """Add entries that come in the order of the log and bring their records to the newest image.

    Rows may be further than the log here, since they were copied later than these entries were written. A
    unique value may then stand in another row: the record is quarantined until that row's newer entry comes.
    """
    staging.stage(connection, Part((), part.end, part.piece))
    if not part.entries:
        return
    with rewriting(connection):
        connection.many(applying.LOG_INSERT, part.entries)
        if part.piece is not None:
            staging.put_together(connection, part.piece)
        applying.store_entries(connection, [entry.id for entry in part.entries])


def leave_orphans(connection: Connection, ids: Sequence[EntryId]) -> None:
    """Move entries from the log to the orphaned ones. Rows stay: they are copied anew."""
    columns = ", ".join(f"`{column}`" for column in Entry._fields)
    with rewriting(connection):
        for chunk in applying.chunks(ids, applying.PAIRS):
            which, params = applying.pairs(chunk), [n for entry in chunk for n in (entry.log_id, entry.epoch)]
            connection.run(
                f"INSERT IGNORE INTO orphaned_entry ({columns}) SELECT {columns} FROM transaction_log"
                f" WHERE (log_id, epoch) IN ({which})",
                params,
            )
            connection.run(f"DELETE FROM transaction_log WHERE (log_id, epoch) IN ({which})", params)


def cut_log(connection: Connection, watermark: int) -> None:
    """Delete all entries above `watermark`: they come again, with their images."""
    deleted = DELETED
    while deleted == DELETED:
        with rewriting(connection):
            deleted = connection.run(
                "DELETE FROM transaction_log WHERE log_id > %s ORDER BY log_id LIMIT %s", (watermark, DELETED)
            )
