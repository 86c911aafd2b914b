"""The write downtime of each failover, measured in the log of the new primary once the first write is there."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cluster.actions.reports.failovers import all_failovers
from cluster.models import SLOT_SECONDS, Event, Sample
from cluster.nodes.log.records import entries_around
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.downtime import IDLE_SECONDS, write_gap
from cluster.protocol.view import ClusterView

KEPT: Final = timedelta(days=1)
"""A failover that is older is not measured any more."""
FACTS_OF_GAP: Final = ("last_write_at", "first_write_at")
"""The facts of an event that tell when its downtime began and ended."""
JOURNAL_SECONDS: Final = 30.0
"""Seconds in which the event of a failover arrives in the control database."""


class DowntimeMeter:
    """Measures the failovers of the present epoch and the day before it, until none is left."""

    def __init__(self) -> None:
        self._epoch, self._since = 0, 0.0

    def measure(self, view: ClusterView, primary: MariaDBNode, now: float) -> None:
        """Write the downtime of those that can be measured now. Raises ClusterError, DatabaseError.

        One query on the control database a round, and none once the epoch is old and nothing is left.
        """
        if view.epoch != self._epoch:
            self._epoch, self._since = view.epoch, now
        if not self._since:
            return
        left = [event for event in unmeasured(now) if not measured(event, primary, now)]
        if not left and now - self._since > JOURNAL_SECONDS:
            self._since = 0.0


def unmeasured(now: float) -> list[Event]:
    """Return the failovers of the last day without a downtime."""
    since = datetime.fromtimestamp(now, UTC) - KEPT
    return [
        event for event in all_failovers().filter(happened_at__gt=since) if "gap_seconds" not in event.facts
    ]


def measured(event: Event, primary: MariaDBNode, now: float) -> bool:
    """Measure a failover; whether nothing more is to be waited for."""
    opened = event.happened_at.timestamp()
    last, first = entries_around(primary.connection, event.epoch or 0)
    if first is None and now - opened < IDLE_SECONDS:
        return False
    gap = write_gap(last, first, missed(event), opened)
    event.facts = event.facts | {
        "gap_seconds": gap and gap.seconds,
        **dict(zip(FACTS_OF_GAP, (gap and text(gap.began), gap and text(gap.ended)), strict=True)),
    }
    event.save(update_fields=["facts"])
    return True


def missed(event: Event) -> float | None:
    """Return when the old primary failed its first probe; by hand, when the monitor last saw a primary."""
    if at := event.facts.get("missed_at"):
        return datetime.fromisoformat(at).timestamp()
    slot = event.happened_at.timestamp() // SLOT_SECONDS
    seen = Sample.objects.filter(slot__lt=slot, writable__gt=0).order_by("-slot").first()
    return None if seen is None else float((seen.slot + 1) * SLOT_SECONDS)


def text(seconds: float) -> str:
    """Return a moment as events keep it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
