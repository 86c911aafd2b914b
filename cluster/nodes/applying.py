"""Put entries of the log on a node: the entries, and for each touched record the image of its newest one.

Applying is idempotent and, within an epoch, free of order: what is stored for a record depends on the log
alone, never on the way its entries came.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

from cluster.nodes import images, reading
from cluster.nodes.connection import LOCK_WAIT, RETRY, Connection
from cluster.nodes.reading import COLUMNS, SELECTED
from cluster.nodes.tables import Table, table
from cluster.protocol.entries import (
    Entry,
    EntryId,
    Record,
    count_transactions,
    newest_by_record,
)
from cluster.protocol.errors import ApplyStopped, NodeFailed
from cluster.protocol.node import Appended

STALE = 45002
PASSING = frozenset({RETRY, LOCK_WAIT, STALE})
"""Failures that say nothing about the entries."""
INSERT = "INSERT IGNORE INTO {into} ({columns}) VALUES ({marks})"
MARKS = ", ".join(["%s"] * 12)
LOG_INSERT = INSERT.format(into="transaction_log", columns=COLUMNS, marks=MARKS)
STRANDED_INSERT = INSERT.format(into="stranded_entry", columns=COLUMNS, marks=MARKS)
CHUNK = 1000
"""Keys named in one statement."""
PAIRS = 100
"""Keys of several columns named in one statement: the server compares each row with all of them."""


def append(connection: Connection, epoch: int, entries: Sequence[Entry], boundary: bool) -> Appended:
    """Add the entries that are missing, in one transaction; nothing when any of them cannot be stored.

    Raises ApplyStopped naming the first transaction that cannot be stored; those before it are kept.
    """
    try:
        return append_all(connection, epoch, entries, boundary)
    except NodeFailed as error:
        if error.code in PASSING:
            raise
        return append_singly(connection, epoch, entries, boundary)


def append_singly(connection: Connection, epoch: int, entries: Sequence[Entry], boundary: bool) -> Appended:
    """Transaction by transaction, in the order in which they ended, up to the one that fails."""
    total = Appended(0, 0)
    for transaction in by_transaction(entries):
        try:
            added = append_all(connection, epoch, transaction, boundary)
        except NodeFailed as error:
            if error.code in PASSING:
                raise
            connection.forget()
            raise stopped_at(connection, transaction, error) from error
        total = Appended(total.entries + added.entries, total.transactions + added.transactions)
    return total


def by_transaction(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries grouped by transaction, those that ended first first."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.transaction_id].append(entry)
    return sorted(groups.values(), key=lambda group: max(entry.log_id for entry in group))


def stopped_at(
    connection: Connection, entries: Sequence[Entry], error: NodeFailed, verb: str = "apply"
) -> ApplyStopped:
    """The error that names the first entry of the transaction that cannot be stored, or taken back."""
    entry = entries[0]
    return ApplyStopped(
        connection.node,
        transaction_id=entry.transaction_id,
        log_id=entry.log_id,
        epoch=entry.epoch,
        operation=entry.operation_type,
        table=entry.table_name,
        record=entry.record_id,
        reason=str(error),
        verb=verb,
    )


def append_all(connection: Connection, epoch: int, entries: Sequence[Entry], boundary: bool) -> Appended:
    """One transaction: log rows, then images."""
    with appending(connection, epoch, boundary) as (last_log_id, recovering):
        # Nothing at or above the first entry is here: all are new, and none has a newer one.
        overlap = last_log_id >= min((entry.log_id for entry in entries), default=0)
        missing = not_held(connection, entries) if overlap else list(entries)
        if missing:
            connection.many(LOG_INSERT, missing)
            newest = newest_by_record(missing)
            store(connection, superseded(connection, newest) if overlap else newest)
        if missing and recovering:
            count_replayed(connection, count_transactions(missing))
    return Appended(len(missing), count_transactions(missing))


@contextmanager
def appending(connection: Connection, epoch: int, boundary: bool) -> Iterator[tuple[int, bool]]:
    """The transaction of an append, with the right to write past guard and log.

    Gives the node's last log id and whether it is recovering.
    """
    try:
        last_log_id, recovering, shape = connection.row("CALL begin_append(%s, %s)", (epoch, boundary))
        connection.trust_known(shape)
        yield int(last_log_id), bool(recovering)
        connection.run("CALL end_append(TRUE)")
    except NodeFailed:
        connection.run("CALL end_append(FALSE)")
        raise
    except BaseException:
        connection.close()  # whatever was open ends with the connection
        raise


def not_held(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries whose identity the log does not have."""
    held: set[EntryId] = set()
    for chunk in chunks([entry.log_id for entry in entries]):
        rows = connection.rows(
            f"SELECT epoch, log_id FROM transaction_log WHERE log_id IN ({marks(chunk)})", chunk
        )
        held.update(EntryId(epoch, log_id) for epoch, log_id in rows)
    return [entry for entry in entries if entry.id not in held]


def superseded(connection: Connection, newest: Mapping[Record, Entry]) -> dict[Record, Entry]:
    """For each record the newest entry of the whole log: a later one may have come before."""
    if not newest:
        return {}
    result = dict(newest)
    oldest = min(entry.id for entry in newest.values())
    for name, records in by_table(newest):
        for chunk in chunks([record.record_id for record in records]):
            rows = connection.rows(
                f"SELECT {SELECTED} FROM transaction_log FORCE INDEX (transaction_log_record)"
                f" WHERE table_name = %s AND record_id IN ({marks(chunk)})"
                " AND ((epoch = %s AND log_id > %s) OR epoch > %s)",
                [name, *chunk, oldest.epoch, oldest.log_id, oldest.epoch],
            )
            later = newest_by_record(Entry._make(row) for row in rows)
            result |= {r: e for r, e in later.items() if result[r].id < e.id}
    return result


def store(connection: Connection, newest: Mapping[Record, Entry]) -> None:
    """Bring each record to the image of its entry."""
    for name, records in by_table(newest):
        shape = connection.known(name, table)
        entries = [newest[record] for record in records]
        gone = [images.values(e.old_value) for e in entries if e.new_value is None and e.old_value]
        there = [images.values(e.new_value) for e in entries if e.new_value is not None]
        put(connection, shape, gone, there)


def put(
    connection: Connection,
    shape: Table,
    gone: Sequence[images.Values],
    there: Sequence[images.Values],
) -> None:
    """Delete the rows `gone`, write the rows `there`.

    Where a second unique key could collide half way, the rows are removed first: the newest images of whole
    transactions never collide with one another.
    """
    delete(connection, shape, [*gone, *there] if shape.further_keys else gone)
    if gone and shape.generated_key:
        count_key(connection, shape, max(gone, key=lambda row: row[shape.key[0]]))
    for columns, rows in groupby(sorted(there, key=list), key=list):
        names = ", ".join(f"`{column}`" for column in columns)
        updates = ", ".join(f"`{column}` = VALUES(`{column}`)" for column in columns)
        connection.many(
            f"INSERT INTO `{shape.name}` ({names}) VALUES ({marks(columns)})"
            f" ON DUPLICATE KEY UPDATE {updates}",
            [tuple(row.values()) for row in rows],
        )


def count_key(connection: Connection, shape: Table, row: images.Values) -> None:
    """Let the server know a generated key whose row is gone already: it counts those alone that it has stored.

    Else this node, as the primary, would hand the key out a second time.
    """
    names = ", ".join(f"`{column}`" for column in row)
    connection.run(
        f"INSERT IGNORE INTO `{shape.name}` ({names}) VALUES ({marks(list(row))})", tuple(row.values())
    )
    delete(connection, shape, [row])


def delete(connection: Connection, shape: Table, rows: Sequence[images.Values]) -> None:
    """Delete rows by primary key."""
    key = ", ".join(f"`{column}`" for column in shape.key)
    for chunk in chunks(rows, CHUNK if len(shape.key) == 1 else PAIRS):
        keys = ", ".join([f"({marks(shape.key)})"] * len(chunk))
        connection.run(
            f"DELETE FROM `{shape.name}` WHERE ({key}) IN ({keys})",
            [row[column] for row in chunk for column in shape.key],
        )


def set_aside(connection: Connection, epoch: int, orphans: Sequence[EntryId]) -> int:
    """Move entries to stranded_entry and restore their records, in one transaction. How many were moved.

    Raises ApplyStopped naming a transaction whose rows cannot be restored; nothing is moved then.
    """
    with appending(connection, epoch, boundary=True):
        entries = [entry for chunk in chunks(orphans, PAIRS) for entry in by_id(connection, chunk)]
        connection.many(STRANDED_INSERT, entries)
        for chunk in chunks(entries, PAIRS):
            connection.run(
                f"DELETE FROM transaction_log WHERE (log_id, epoch) IN ({pairs(chunk)})",
                [part for entry in chunk for part in (entry.log_id, entry.epoch)],
            )
        restore(connection, entries)
        lower_floor(connection, min((entry.log_id for entry in entries), default=0) - 1)
    return len(entries)


def by_id(connection: Connection, ids: Sequence[EntryId]) -> list[Entry]:
    """The entries with these identities."""
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log WHERE (log_id, epoch) IN ({pairs(ids)})",
        [part for entry_id in ids for part in (entry_id.log_id, entry_id.epoch)],
    )
    return [Entry._make(row) for row in rows]


def restore(connection: Connection, removed: Sequence[Entry]) -> None:
    """Bring the records of removed entries back to their newest remaining image.

    A record without any remaining entry goes back to what the oldest removed one found.
    """
    before: dict[Record, Entry] = {}
    for entry in sorted(removed, key=lambda e: e.id, reverse=True):
        if not entry.is_control:
            before[entry.record] = entry
    for name, records in by_table(before):
        try:
            store(connection, {r: newest_of(connection, r) or undone(before[r]) for r in records})
        except NodeFailed as error:
            if error.code in PASSING:
                raise
            first = next(entry for entry in removed if entry.table_name == name)
            raise stopped_at(connection, [first], error, verb="take back") from error


def newest_of(connection: Connection, record: Record) -> Entry | None:
    """The newest entry of one record: the end of an index range."""
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log WHERE table_name = %s AND record_id = %s"
        " ORDER BY epoch DESC, log_id DESC LIMIT 1",
        record,
    )
    return Entry._make(rows[0]) if rows else None


def undone(entry: Entry) -> Entry:
    """The entry that takes `entry` back."""
    return entry._replace(old_value=entry.new_value, new_value=entry.old_value)


def lower_floor(connection: Connection, log_id: int) -> None:
    """Keep the verified floor at or below `log_id`: only a forced promotion sets verified entries aside."""
    known = int(
        connection.row("SELECT config_value FROM node_config WHERE config_key = 'verified_log_id'")[0]
    )
    if known <= log_id:
        return
    entries = reading.count_upto(connection, log_id)
    connection.run(
        "UPDATE node_config SET config_value = IF(config_key = 'verified_log_id', %s, %s)"
        " WHERE config_key IN ('verified_log_id', 'verified_entries')",
        (log_id, entries),
    )


def count_replayed(connection: Connection, transactions: int) -> None:
    """Count what a node replays while it recovers, in the transaction that replays it."""
    connection.run(
        "UPDATE node_config SET config_value = config_value + %s WHERE config_key = 'replayed_transactions'",
        (transactions,),
    )


def by_table(records: Iterable[Record]) -> Iterator[tuple[str, list[Record]]]:
    """Records grouped by table."""
    for name, group in groupby(sorted(records), key=lambda record: record.table_name):
        yield name, list(group)


def chunks(items: Sequence, size: int = CHUNK) -> Iterator[Sequence]:
    """`items` in parts of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(items: Sequence) -> str:
    """A placeholder for each of `items`."""
    return ", ".join(["%s"] * len(items))


def pairs(items: Sequence) -> str:
    """A pair of placeholders for each of `items`."""
    return ", ".join(["(%s, %s)"] * len(items))
