"""Entries of the log: the identity of each, and the rules that need nothing but the entries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple


class EntryId(NamedTuple):
    """Identity of an entry on every node. Ordered: the newest entry of a record is the largest."""

    epoch: int
    log_id: int


class Record(NamedTuple):
    """A row of a replicated table: the table's name and the row's key as text."""

    table_name: str
    record_id: str


class Entry(NamedTuple):
    """One row of `transaction_log`, its columns in the table's order.

    `old_value` and `new_value` are full row images as JSON text, None where there was no row.
    `timestamp` is the column's text: UTC, microseconds.
    """

    log_id: int
    epoch: int
    transaction_id: str
    log_sequence: int
    log_type: str
    operation_type: str
    table_name: str
    record_id: str
    old_value: str | None
    new_value: str | None
    source_node: str
    timestamp: str

    @property
    def id(self) -> EntryId:
        """The entry's identity."""
        return EntryId(self.epoch, self.log_id)

    @property
    def record(self) -> Record:
        """The row that the entry changed."""
        return Record(self.table_name, self.record_id)

    @property
    def is_control(self) -> bool:
        """Whether the entry speaks of the cluster and not of a row."""
        return self.log_type == CONTROL


ROW = "ROW"
CONTROL = "CONTROL"
PROMOTION = "PROMOTION"


def newest_by_record(entries: Iterable[Entry]) -> dict[Record, Entry]:
    """Return the newest row entry of each record. Control entries have no record."""
    newest: dict[Record, Entry] = {}
    for entry in entries:
        if entry.is_control:
            continue
        known = newest.get(entry.record)
        if known is None or known.id < entry.id:
            newest[entry.record] = entry
    return newest


def whole_transactions(window: Sequence[Entry], last_log_id: Mapping[str, int], upto: int) -> list[Entry]:
    """Return the entries of `window` whose transactions end at or before the log id `upto`.

    A window cut by its size may hold the beginning of a transaction whose end lies beyond. Such a
    transaction waits for the next window. What remains is closed under dependency: a transaction
    that builds on another writes its entry after the other's last one.

    `last_log_id` gives the last log id of each transaction id in the source's log.
    """
    return [entry for entry in window if last_log_id[entry.transaction_id] <= upto]


def last_log_ids(entries: Iterable[Entry]) -> dict[str, int]:
    """Return the last log id of each transaction in `entries`, by transaction id."""
    last: dict[str, int] = {}
    for entry in entries:
        last[entry.transaction_id] = max(entry.log_id, last.get(entry.transaction_id, 0))
    return last


def begin_earlier(entries: Iterable[Entry]) -> bool:
    """Return whether a transaction began before the first of its entries here: `log_sequence` counts from 1."""
    first: dict[str, int] = {}
    for entry in entries:
        known = first.get(entry.transaction_id, entry.log_sequence)
        first[entry.transaction_id] = min(known, entry.log_sequence)
    return any(sequence > 1 for sequence in first.values())


def count_transactions(entries: Iterable[Entry]) -> int:
    """Return how many transactions with row changes stand in `entries`."""
    return len({entry.transaction_id for entry in entries if not entry.is_control})


def orphans(own: Collection[EntryId], kept: Collection[EntryId], led: int) -> list[EntryId]:
    """Return the entries of `own` that the cluster did not keep: of an epoch below `led`, not in `kept`."""
    held = set(kept)
    return [entry_id for entry_id in own if entry_id.epoch < led and entry_id not in held]
