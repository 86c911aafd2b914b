"""Pages of one node's log for people to read: by transaction, by record, or backwards from a place or a moment.

Every statement is a range of an index. A filter that no index serves reads a bounded stretch and says
how far it has come, so that a page costs the same however long the log is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import SELECTED
from cluster.protocol.entries import Entry

PAGE: Final = 50
STRETCH: Final = 20_000
"""Entries that one page reads through."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show; an empty field means any. before: only entries below this log id. until: UTC."""

    transaction: str = ""
    source: str = ""
    operation: str = ""
    table: str = ""
    record: str = ""
    epoch: int | None = None
    until: datetime | None = None
    before: int | None = None

    def conditions(self) -> tuple[list[str], list[object]]:
        """Return the filter as SQL and its parameters."""
        known = {
            "transaction_id": self.transaction, "source_node": self.source, "operation_type": self.operation,
            "table_name": self.table, "record_id": self.record, "epoch": self.epoch,
        }  # fmt: skip
        asked = {column: value for column, value in known.items() if value not in ("", None)}
        return [f"{column} = %s" for column in asked], list(asked.values())


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first. older: where the next page begins, None at the end of the log."""

    entries: Sequence[Entry]
    older: int | None


def page(connection: Connection, wanted: Wanted) -> Page:
    """Return one page. Raises NodeUnreachable, NodeFailed."""
    if wanted.table and wanted.record:
        return page_of_record(connection, wanted)
    before = wanted.before or (last_id(connection) + 1)
    if wanted.until is not None and wanted.before is None:
        before = place_at(connection, wanted.until, before)
    conditions, params = wanted.conditions()
    low = 0 if wanted.transaction else stretch_below(connection, before)
    hint = "" if wanted.transaction else " FORCE INDEX (PRIMARY)"
    where = " AND ".join(["log_id < %s", "log_id >= %s", *conditions])
    found = entries(connection, f"{hint} WHERE {where} ORDER BY log_id DESC", [before, low, *params])
    return Page(found, found[-1].log_id if len(found) == PAGE else low or None)


def page_of_record(connection: Connection, wanted: Wanted) -> Page:
    """Return the same in the order of the index of records: by epoch, then by log id."""
    conditions, params = wanted.conditions()
    if wanted.before is not None:
        (epoch,) = connection.row(
            "SELECT COALESCE(MAX(epoch), 0) FROM transaction_log WHERE log_id = %s", (wanted.before,)
        )
        conditions.append("(epoch < %s OR (epoch = %s AND log_id < %s))")
        params += [epoch, epoch, wanted.before]
    if wanted.until is not None:
        conditions.append("`timestamp` <= %s")
        params.append(wanted.until.replace(tzinfo=None))
    rest = f" FORCE INDEX (transaction_log_record) WHERE {' AND '.join(conditions)} ORDER BY epoch DESC, log_id DESC"
    found = entries(connection, rest, params)
    return Page(found, found[-1].log_id if len(found) == PAGE else None)


def entries(connection: Connection, rest: str, params: Sequence[object]) -> list[Entry]:
    """Return a page of entries; `rest` is what stands behind the table's name."""
    rows = connection.rows(f"SELECT {SELECTED} FROM transaction_log{rest} LIMIT %s", [*params, PAGE])
    return [Entry._make(row) for row in rows]


def last_id(connection: Connection) -> int:
    """Return the end of the log."""
    return int(connection.row("SELECT COALESCE(MAX(log_id), 0) FROM transaction_log")[0])


def stretch_below(connection: Connection, before: int) -> int:
    """Return where a stretch of entries below a place begins; 0 for the beginning of the log."""
    rows = connection.rows(
        "SELECT log_id FROM transaction_log WHERE log_id < %s ORDER BY log_id DESC LIMIT 1 OFFSET %s",
        (before, STRETCH),
    )
    return int(rows[0][0]) if rows else 0


def place_at(connection: Connection, moment: datetime, end: int) -> int:
    """Return the first log id after a moment, by halving: ids are handed out in about the order of time."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        rows = connection.rows(
            "SELECT log_id, `timestamp` FROM transaction_log WHERE log_id >= %s ORDER BY log_id LIMIT 1",
            (middle,),
        )
        if rows and rows[0][1] <= moment.replace(tzinfo=None):
            low = int(rows[0][0]) + 1
        else:
            high = middle
    return low


def of_transaction(connection: Connection, transaction_id: str, limit: int) -> list[Entry]:
    """Return a transaction's entries in their order."""
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log WHERE transaction_id = %s ORDER BY epoch, log_id LIMIT %s",
        (transaction_id, limit),
    )
    return [Entry._make(row) for row in rows]
