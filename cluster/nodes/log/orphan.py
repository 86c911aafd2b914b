"""An orphaned transaction's entry as the primary keeps it: the one place that knows the columns of its table."""

from datetime import datetime
from typing import NamedTuple

from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.names import NodeName

PENDING, REAPPLIED, DISMISSED = "PENDING", "REAPPLIED", "DISMISSED"


class Orphan(NamedTuple):
    """One row of orphaned_transaction, its columns in the model's order: an entry, and what became of it.

    Times are UTC without a zone.
    """

    id: str
    log_id: int
    epoch: int
    transaction_id: str
    log_sequence: int
    operation_type: str
    table_name: str
    record_id: str
    old_value: str | None
    new_value: str | None
    source_node: str
    written_at: datetime
    found_on: str
    found_at: datetime
    status: str
    decision: str
    reapplied_as: str

    @property
    def entry(self) -> EntryId:
        """The entry that it was."""
        return EntryId(self.epoch, self.log_id)

    @property
    def row(self) -> str:
        """How sentences call the row that it changed."""
        return f"{self.table_name} {self.record_id}"


COLUMNS = ", ".join(Orphan._fields)
SELECT = f"SELECT {COLUMNS} FROM orphaned_transaction"
OF_ENTRY = tuple(field for field in Entry._fields if field in Orphan._fields)
"""The columns that an orphan has of its entry. Its type is always that of a row; `timestamp` is `written_at` there."""
INSERT = (
    f"INSERT IGNORE INTO orphaned_transaction (id, {', '.join(OF_ENTRY)},"
    " written_at, found_on, found_at, status, decision, reapplied_as)"
    f" VALUES (%s, {', '.join(['%s'] * len(OF_ENTRY))}, %s, %s, UTC_TIMESTAMP(6), %s, '', '')"
)


def filed(entry: Entry, found_on: NodeName) -> tuple[object, ...]:
    """Return the values of INSERT. An entry of the cluster itself (a promotion that failed) asks for no decision."""
    status = DISMISSED if entry.is_control else PENDING
    kept = (getattr(entry, name) for name in OF_ENTRY)
    return (orphan_id(entry.id), *kept, entry.timestamp, found_on.value, status)


def orphan_id(entry: EntryId) -> str:
    """Return the id of the row that an entry becomes: filing it twice makes one row."""
    return f"{entry.epoch}-{entry.log_id}"
