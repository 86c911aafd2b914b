"""Pages of one node's log for people to read: by transaction, by record, or backwards from a place or a moment.

Every statement is a range of an index. A filter that no index serves looks through a bounded stretch and says
how far it has come, so that a page costs the same however long the log is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cluster.nodes.connection import Connection
from cluster.nodes.reading import SELECTED
from cluster.protocol.entries import Entry

PAGE: Final = 50
STRETCH: Final = 20_000
"""Entries that one page looks through."""


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

    def conditions(self) -> tuple[list[str], list[Any]]:
        """As SQL and its parameters."""
        known = {
            "transaction_id": self.transaction, "source_node": self.source, "operation_type": self.operation,
            "table_name": self.table, "record_id": self.record, "epoch": self.epoch,
        }  # fmt: skip
        asked = {column: value for column, value in known.items() if value not in ("", None)}
        return [f"{column} = %s" for column in asked], list(asked.values())

    @property
    def is_indexed(self) -> bool:
        """Whether an index finds what fits."""
        return bool(self.transaction or (self.table and self.record))


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first. older: where the next page begins, None at the end of the log."""

    entries: Sequence[Entry]
    older: int | None


def page(connection: Connection, wanted: Wanted) -> Page:
    """One page. Raises NodeUnreachable, NodeFailed."""
    before = wanted.before or (last_id(connection) + 1)
    if wanted.until is not None and wanted.before is None:
        before = place_at(connection, wanted.until, before)
    conditions, params = wanted.conditions()
    low = 0 if wanted.is_indexed else stretch_below(connection, before)
    where = " AND ".join(["log_id < %s", "log_id >= %s", *conditions])
    hint = "" if wanted.is_indexed else " FORCE INDEX (PRIMARY)"
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log{hint} WHERE {where} ORDER BY log_id DESC LIMIT %s",
        [before, low, *params, PAGE],
    )
    entries = [Entry._make(row) for row in rows]
    if len(entries) == PAGE:
        return Page(entries, entries[-1].log_id)
    return Page(entries, low or None)


def last_id(connection: Connection) -> int:
    """The end of the log."""
    return int(connection.row("SELECT COALESCE(MAX(log_id), 0) FROM transaction_log")[0])


def stretch_below(connection: Connection, before: int) -> int:
    """Where a stretch of entries below a place begins; 0 for the beginning of the log."""
    rows = connection.rows(
        "SELECT log_id FROM transaction_log WHERE log_id < %s ORDER BY log_id DESC LIMIT 1 OFFSET %s",
        (before, STRETCH),
    )
    return int(rows[0][0]) if rows else 0


def place_at(connection: Connection, moment: datetime, end: int) -> int:
    """The first log id after a moment, by halving: ids are handed out in about the order of time."""
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
    """A transaction's entries in their order."""
    rows = connection.rows(
        f"SELECT {SELECTED} FROM transaction_log WHERE transaction_id = %s ORDER BY epoch, log_id LIMIT %s",
        (transaction_id, limit),
    )
    return [Entry._make(row) for row in rows]
