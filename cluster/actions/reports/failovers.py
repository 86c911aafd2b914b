"""The failovers among the events, and what belongs to each: its recovery, its end, what it orphaned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from cluster.models import Event

VERBS: Final = ("promote", "force")
ENDS: Final = ("switchover", "promote", "force")
"""What ends a failover. A primary that resumes after a restart leads on, in another epoch."""


@dataclass(frozen=True)
class Failover:
    """One failover. recovered: the recovery of the old primary. ended: the change of roles that ended its epoch."""

    event: Event
    recovered: Event | None = None
    ended: Event | None = None

    @property
    def failed_back(self) -> Event | None:
        """The switchover that ended it."""
        return self.ended if self.ended and self.ended.verb == "switchover" else None

    @property
    def orphaned(self) -> int:
        """Entries that the cluster did not keep: those of the nodes that were promoted, and of the old primary."""
        found = (self.event, self.recovered)
        return sum(event.facts.get("orphaned_entries") or 0 for event in found if event)

    @property
    def downtime(self) -> float | None:
        """Seconds without a write; None while it is not known."""
        seconds: float | None = self.event.facts.get("gap_seconds")
        return seconds


def all_failovers() -> QuerySet[Event]:
    """Promotions in place of another node, newest first; the first one of a cluster replaced nobody."""
    return Event.objects.filter(kind=Event.Kind.TRANSITION, verb__in=VERBS).exclude(old="")


def failovers(since: datetime | None = None) -> list[Failover]:
    """Return all of them, or those since a moment, newest first; one query."""
    transitions = Event.objects.filter(kind=Event.Kind.TRANSITION, verb__in={*ENDS, "recover"})
    if since is not None:
        transitions = transitions.filter(happened_at__gt=since)
    return list(linked(transitions.order_by("-happened_at", "-id")))


def linked(newest_first: Iterable[Event]) -> Iterable[Failover]:
    """Go back in time: what came after a failover was met before it."""
    recovered = ended = None
    for event in newest_first:
        if event.verb == "recover":
            recovered = event
            continue
        if event.verb in VERBS and event.old:
            yield Failover(event, recovered, ended)
        recovered, ended = None, event


def of_event(event: Event) -> Failover:
    """Return what belongs to one failover."""
    return next(found for found in failovers() if found.event.pk == event.pk)
