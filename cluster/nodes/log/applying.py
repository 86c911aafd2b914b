"""Put entries of the log on a node: the entries, and for each touched record the image of its newest one.

Applying is idempotent and, within an epoch, free of order: what is stored for a record depends on the log
alone, never on the way its entries came. The rules of an append are the server's (sql/cluster/procedures/log).
Here rows are brought to it by one INSERT: taking them out of JSON, as append_entries does, costs a third more.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import COLUMNS, MARKS, SELECTED
from cluster.protocol.entries import Entry, EntryId, count_transactions
from cluster.protocol.errors import NodeFailed
from cluster.protocol.node import Appended

T = TypeVar("T")

LOG_INSERT = f"INSERT INTO transaction_log ({COLUMNS}) VALUES ({MARKS}) ON DUPLICATE KEY UPDATE log_id = VALUES(log_id)"
CHUNK = 1000
"""Keys named in one statement."""
PAIRS = 100
"""Keys of several columns named in one statement: the server compares each row with all of them."""


def append(connection: Connection, epoch: int, entries: Sequence[Entry], boundary: bool) -> Appended:
    """Add the entries that are missing, in one transaction: log rows, then images.

    A record whose image cannot be stored is quarantined on the node; its entries are kept.
    """
    with appending(connection, epoch, boundary) as last_log_id:
        # Nothing at or above the first entry is here: all are new.
        overlap = last_log_id >= min((entry.log_id for entry in entries), default=0)
        missing = not_held(connection, entries) if overlap else list(entries)
        if missing:
            connection.many(LOG_INSERT, missing)
            call_with_ids(connection, "store_appended", [entry.id for entry in missing])
    return Appended(len(missing), count_transactions(missing))


@contextmanager
def appending(connection: Connection, epoch: int, boundary: bool) -> Iterator[int]:
    """Open the transaction of an append, with the right to write past guard and log; give the node's last log id."""
    try:
        (last_log_id,) = connection.row("CALL begin_append(%s, %s)", (epoch, boundary))
        yield int(last_log_id)
        connection.run("CALL end_append(TRUE)")
    except NodeFailed:
        connection.run("CALL end_append(FALSE)")
        raise
    except BaseException:
        connection.close()  # whatever was open ends with the connection
        raise


def not_held(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries whose identity the log does not have."""
    held: set[EntryId] = set()
    for chunk in chunks([entry.log_id for entry in entries]):
        rows = connection.rows(
            f"SELECT epoch, log_id FROM transaction_log WHERE log_id IN ({marks(chunk)})", chunk
        )
        held.update(EntryId(epoch, log_id) for epoch, log_id in rows)
    return [entry for entry in entries if entry.id not in held]


def store_entries(connection: Connection, ids: Iterable[EntryId]) -> None:
    """Bring the records of entries that are in the log to their newest images, in the open append."""
    call_with_ids(connection, "store_entries", ids)


def call_with_ids(connection: Connection, procedure: str, ids: Iterable[EntryId]) -> None:
    """Call a procedure that takes entries as give_entries does."""
    connection.rows(f"CALL {procedure}(%s)", (json.dumps(list(ids)),))


def orphan_entries(connection: Connection, epoch: int, orphans: Sequence[EntryId]) -> int:
    """Move entries to orphaned_entry and restore their records, in one transaction. How many were moved.

    A large transaction is orphaned whole, so this may take as long as it took: over a connection of its own.
    """
    with connection.long_deadline() as own, appending(own, epoch, boundary=True):
        own.run("CALL clear_lost()")
        own.many("INSERT INTO lost_id (epoch, log_id) VALUES (%s, %s)", orphans)
        (moved,) = own.row("SELECT COUNT(*) FROM lost_id JOIN transaction_log USING (log_id, epoch)")
        own.rows("CALL orphan_entries()")
    return int(moved)


def by_id(connection: Connection, ids: Sequence[EntryId]) -> list[Entry]:
    """Return the entries with these identities."""
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log WHERE (log_id, epoch) IN ({pairs(ids)})",
        [part for entry_id in ids for part in (entry_id.log_id, entry_id.epoch)],
    )
    return [Entry._make(row) for row in rows]


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yield `items` in parts of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(items: Sequence[object]) -> str:
    """Return a placeholder for each of `items`."""
    return ", ".join(["%s"] * len(items))


def pairs(items: Sequence[object]) -> str:
    """Return a pair of placeholders for each of `items`."""
    return ", ".join(["(%s, %s)"] * len(items))
