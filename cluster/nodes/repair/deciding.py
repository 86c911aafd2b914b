"""Orphaned transactions on the primary: shown, applied again, dismissed."""

import json
from collections.abc import Mapping, Sequence

from cluster.nodes.connection import Connection
from cluster.nodes.log import applying, browsing
from cluster.nodes.log.images import DECODER, values
from cluster.nodes.log.orphan import DISMISSED, PENDING, REAPPLIED, SELECT, Orphan
from cluster.nodes.repair import comparing, row_snapshots
from cluster.nodes.schema.shape import TableShape
from cluster.protocol.differences import differing_columns, exact, kind_of
from cluster.protocol.errors import NodeFailed, Refused

DUPLICATE = 1062
EDITED, FORCED = "Edited before it was applied.", "Written over later changes."
MOST_UNDONE = 1_000
"""Rows of a reapplied transaction that are taken back at once."""
NAMED = 3
"""Columns that a refusal names."""


def orphans(connection: Connection, status: str | None = None, limit: int | None = None) -> list[Orphan]:
    """Return those of a status (None: all), the oldest entries first."""
    sql = f"{SELECT} WHERE status = %s" if status else SELECT
    params: list[object] = [status] if status else []
    sql += " ORDER BY epoch, log_id"
    if limit is not None:
        sql, params = f"{sql} LIMIT %s", [*params, limit]
    return [Orphan._make(row) for row in connection.rows(sql, params)]


def count(connection: Connection, status: str | None = None) -> int:
    """Return how many there are of a status (None: all)."""
    where = " WHERE status = %s" if status else ""
    sql = f"SELECT COUNT(*) FROM orphaned_transaction{where}"
    return int(connection.row(sql, [status] if status else [])[0])


def count_transactions(connection: Connection, status: str) -> int:
    """Return how many transactions have orphaned entries of a status."""
    sql = "SELECT COUNT(DISTINCT transaction_id) FROM orphaned_transaction WHERE status = %s"
    return int(connection.row(sql, (status,))[0])


def by_id(connection: Connection, orphan_id: str) -> Orphan:
    """Return one of them. Raises Refused when there is none."""
    for row in connection.rows(f"{SELECT} WHERE id = %s", (orphan_id,)):
        return Orphan._make(row)
    raise Refused(f"There is no orphaned transaction {orphan_id}; `orphans list --status all` shows all.")


def of_transaction(connection: Connection, transaction_id: str, *, lock: bool = False) -> list[Orphan]:
    """Return all entries of one transaction, in the order in which it wrote them."""
    sql = f"{SELECT} WHERE transaction_id = %s ORDER BY epoch, log_id{' FOR UPDATE' if lock else ''}"
    return [Orphan._make(row) for row in connection.rows(sql, (transaction_id,))]


def current_image(
    connection: Connection, shape: TableShape, record_id: str, *, lock: bool = False
) -> str | None:
    """Return the row as it is on this node, None when there is none."""
    condition, params = row_snapshots.at_record(shape, record_id)
    sql = f"SELECT {shape.image('t')} FROM `{shape.name}` AS t WHERE {condition}"
    rows = connection.rows(f"{sql} FOR UPDATE" if lock else sql, params)
    return comparing.text(rows[0][0]) if rows else None


def pending(connection: Connection, transaction_id: str) -> list[Orphan]:
    """Return a transaction's entries, locked. Raises Refused when it was decided already."""
    entries = of_transaction(connection, transaction_id, lock=True)
    for orphan in entries:
        if orphan.status == REAPPLIED:
            raise Refused(f"{orphan.id} was reapplied already, as transaction {orphan.reapplied_as}.")
        if orphan.status != PENDING:
            reason = f": {orphan.decision}" if orphan.decision else "."
            raise Refused(f"{orphan.id} was dismissed{reason}")
    return entries


def reapply(
    connection: Connection,
    shapes: Mapping[str, TableShape],
    transaction_id: str,
    new_id: str,
    *,
    force: bool,
    edited: Mapping[str, str | None] | None = None,
) -> list[Orphan]:
    """Write an orphaned transaction once more, in the open transaction `new_id`, and note that it was.

    edited: columns of its only entry that are written otherwise, None for NULL.
    Raises Refused when a row is not what the transaction found, unless `force`, or cannot be written.
    """
    entries = pending(connection, transaction_id)
    written = [edit(orphan, edited, shapes, entries) for orphan in entries] if edited else entries
    for orphan in written:
        write_again(connection, shapes, orphan, force=force)
    reasons = [reason for reason, given in ((EDITED, edited), (FORCED, force)) if given]
    decide(connection, entries, REAPPLIED, " ".join(reasons), new_id)
    return entries


def edit(
    orphan: Orphan,
    edited: Mapping[str, str | None],
    shapes: Mapping[str, TableShape],
    all_of_it: Sequence[Orphan],
) -> Orphan:
    """Return the entry with other values in some columns. Raises Refused."""
    shape = shapes.get(orphan.table_name)
    if len(all_of_it) > 1 or orphan.new_value is None or shape is None:
        raise Refused(f"{orphan.id} cannot be edited: only a single row that was written can be.")
    image = DECODER.decode(orphan.new_value)
    keys = {column.name for column in shape.key}
    if wrong := sorted(name for name in edited if name not in image or name in keys):
        raise Refused(f"{orphan.id} has no column {wrong[0]} that can be edited.")
    return orphan._replace(new_value=json.dumps(image | dict(edited)))


def write_again(
    connection: Connection, shapes: Mapping[str, TableShape], orphan: Orphan, *, force: bool
) -> None:
    """Bring one row to what the orphaned entry made of it."""
    shape = shapes.get(orphan.table_name)
    if shape is None:
        raise Refused(f"{orphan.id} cannot be reapplied: {orphan.table_name} is not a replicated table.")
    current = current_image(connection, shape, orphan.record_id, lock=True)
    if not force and kind_of(orphan.old_value, current):
        raise Refused(changed_since(orphan, current))
    try:
        store(connection, shape, orphan, exists=current is not None)
    except NodeFailed as error:
        if error.code == DUPLICATE:
            raise Refused(f"{orphan.id} cannot be reapplied: {error.reason}") from error
        raise


def store(connection: Connection, shape: TableShape, orphan: Orphan, *, exists: bool) -> None:
    """Insert, update or delete the row. The key decides: a collision with another row is an error."""
    condition, at = row_snapshots.at_record(shape, orphan.record_id)
    if orphan.new_value is None:
        connection.run(f"DELETE t FROM `{shape.name}` AS t WHERE {condition}", at)
        return
    new = values(orphan.new_value)
    if exists:
        changes = ", ".join(f"t.`{column}` = %s" for column in new)
        connection.run(f"UPDATE `{shape.name}` AS t SET {changes} WHERE {condition}", [*new.values(), *at])
    else:
        columns = ", ".join(f"`{column}`" for column in new)
        sql = f"INSERT INTO `{shape.name}` ({columns}) VALUES ({applying.marks(list(new))})"
        connection.run(sql, list(new.values()))


def changed_since(orphan: Orphan, current: str | None) -> str:
    """Return why a transaction is not reapplied: its row is not what it found."""
    if current is None:
        how = "is gone"
    elif orphan.old_value is None:
        how = "exists by now"
    else:
        found, now = exact(orphan.old_value), exact(current)
        columns = differing_columns(orphan.old_value, current)
        changes = [f"{name} is {shown(now[name])}, not {shown(found[name])}" for name in columns[:NAMED]]
        more = f", and {len(columns) - NAMED} more" if len(columns) > NAMED else ""
        how = f"has changed since: {'; '.join(changes)}{more}"
    return f"{orphan.row} {how}. See `orphans show {orphan.id}`; --force writes over it."


def shown(value: object) -> str:
    """Return a value of an image for people: numbers bare, text in quotes, bytes in hex, NULL for none."""
    match value:
        case None:
            return "NULL"
        case ("number", text):
            return str(text)
        case {"hex": text}:
            return f"0x{text}"
        case _:
            return f"'{value}'"


def dismiss(connection: Connection, transaction_id: str, reason: str) -> list[Orphan]:
    """Note, in the open transaction, that an orphaned transaction will not be applied. Raises Refused."""
    entries = pending(connection, transaction_id)
    decide(connection, entries, DISMISSED, reason, "")
    return entries


def reopen(connection: Connection, transaction_id: str) -> list[Orphan]:
    """Take a dismissal back, in the open transaction: it waits for a decision again. Raises Refused."""
    entries = of_transaction(connection, transaction_id, lock=True)
    for orphan in entries:
        if orphan.status != DISMISSED:
            raise Refused(f"{orphan.id} was not dismissed, so there is nothing to take back.")
    decide(connection, entries, PENDING, "", "")
    return entries


def undo(connection: Connection, shapes: Mapping[str, TableShape], transaction_id: str) -> list[Orphan]:
    """Take a decision back, in the open transaction: rows that were written again become what they were before.

    Raises Refused when nothing was decided, or a row has changed since.
    """
    entries = of_transaction(connection, transaction_id, lock=True)
    if any(orphan.status == PENDING for orphan in entries):
        raise Refused(f"{entries[0].id} waits for a decision, so there is nothing to take back.")
    for reapplied_as in dict.fromkeys(orphan.reapplied_as for orphan in entries if orphan.reapplied_as):
        take_back(connection, shapes, entries[0], reapplied_as)
    decide(connection, entries, PENDING, "", "")
    return entries


def take_back(
    connection: Connection, shapes: Mapping[str, TableShape], first: Orphan, reapplied_as: str
) -> None:
    """Bring the rows that a reapplication changed back to what it found, the last change first."""
    changes = [
        entry
        for entry in browsing.of_transaction(connection, reapplied_as, MOST_UNDONE + 1)
        if entry.table_name != "orphaned_transaction"
    ]
    if not changes or len(changes) > MOST_UNDONE:
        how = f"changed more than {MOST_UNDONE:,} rows" if changes else "is not in the log any more"
        raise Refused(f"{first.id} cannot be taken back: transaction {reapplied_as} {how}.")
    for entry in reversed(changes):
        before = first._replace(
            table_name=entry.table_name,
            record_id=entry.record_id,
            old_value=entry.new_value,
            new_value=entry.old_value,
        )
        shape = shapes.get(entry.table_name)
        if shape is None or kind_of(
            entry.new_value, current_image(connection, shape, entry.record_id, lock=True)
        ):
            raise Refused(
                f"{first.id} cannot be taken back: {before.row} has changed since it was reapplied as {reapplied_as}."
            )
        store(connection, shape, before, exists=entry.new_value is not None)


def decide(
    connection: Connection, entries: Sequence[Orphan], status: str, decision: str, reapplied_as: str
) -> None:
    """Record what became of these entries, which are locked."""
    for chunk in row_snapshots.chunks([orphan.id for orphan in entries]):
        connection.run(
            "UPDATE orphaned_transaction SET status = %s, decision = %s, reapplied_as = %s"
            f" WHERE id IN ({applying.marks(chunk)})",
            [status, decision, reapplied_as, *chunk],
        )
