"""What happened to one record, out of the log: newest first, in pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Model, Q

from cluster.models import LogEntry
from cluster.nodes.log import images
from cluster.protocol.names import NodeName

WRITERS = {name.source: name.label for name in NodeName}


@dataclass(frozen=True)
class Change:
    """One entry of a record. before, after: its columns, None where it was not there."""

    epoch: int
    log_id: int
    transaction_id: str
    operation: str
    writer: str
    at: datetime
    before: dict[str, object] | None
    after: dict[str, object] | None


def history(model: type[Model], key: str, limit: int, below: tuple[int, int] | None = None) -> list[Change]:
    """Return the newest `limit` changes of a record, or those older than the one of `below` (epoch, log id)."""
    entries = _entries(model, key)
    if below:
        epoch, log_id = below
        entries = entries.filter(Q(epoch__lt=epoch) | Q(epoch=epoch, log_id__lt=log_id))
    return [_change(entry) for entry in entries.order_by("-epoch", "-log_id")[:limit]]


def change(model: type[Model], key: str, epoch: int, log_id: int) -> Change | None:
    """Return one change of a record, None when the log has none with this identity."""
    found = _entries(model, key).filter(epoch=epoch, log_id=log_id).first()
    return _change(found) if found else None


def _entries(model: type[Model], key: str) -> Any:
    """Return the record's entries on the node that the model is read from."""
    using = router.db_for_read(model)
    return LogEntry.objects.using(using).filter(table_name=model._meta.db_table, record_id=key)


def _change(entry: LogEntry) -> Change:
    return Change(
        entry.epoch,
        entry.log_id,
        entry.transaction_id,
        entry.operation_type,
        WRITERS.get(entry.source_node, entry.source_node),
        entry.timestamp,
        _values(entry.old_value),
        _values(entry.new_value),
    )


def _values(image: str | None) -> dict[str, object] | None:
    return images.values(image) if image else None
