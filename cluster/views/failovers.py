"""A report for each failover: when it was seen, why it was decided, what it took, what it cost, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from cluster.actions.reports.failovers import Failover, all_failovers, of_event
from cluster.actions.reports.failovers import failovers as found_failovers
from cluster.models import Event
from cluster.protocol.names import NodeName

BEFORE: Final = timedelta(seconds=30)
LISTED: Final = 100
MOST_EVENTS: Final = 60
LANES: Final = {NodeName.MAIN.value: 90, NodeName.NODE_A.value: 200, NodeName.NODE_B.value: 310}
WATCH: Final = 420
TEXT: Final = 450
TOP, ROW = 46, 34


@dataclass(frozen=True)
class Moment:
    """An event in the sequence: its place, and the lanes that it concerns. seconds: since the failover."""

    event: Event
    y: int
    start: int
    end: int
    seconds: float

    @property
    def words(self) -> str:
        """The beginning of its sentence."""
        return self.event.sentence if len(self.event.sentence) < 88 else f"{self.event.sentence[:86]} …"


@dataclass(frozen=True)
class Report:
    """One failover, told."""

    failover: Failover
    moments: tuple[Moment, ...]

    @property
    def event(self) -> Event:
        """The promotion."""
        return self.failover.event

    @property
    def facts(self) -> dict[str, Any]:
        """The report as a script reads it."""
        told, recovered, failed_back = self.event.facts, self.failover.recovered, self.failover.failed_back
        return {
            "failed": self.event.old,
            "promoted": self.event.new,
            "epoch": self.event.epoch,
            "at": self.event.happened_at.isoformat(),
            "missed_at": told.get("missed_at"),
            "decision": self.event.sentence,
            "by": self.event.actor,
            "promotion_seconds": self.event.seconds,
            "gap_seconds": self.failover.downtime,
            "last_write_at": told.get("last_write_at"),
            "first_write_at": told.get("first_write_at"),
            "acknowledged_entries": told.get("acknowledged_entries"),
            "orphaned_entries": self.failover.orphaned,
            "recovered_at": recovered and recovered.happened_at.isoformat(),
            "handed_back_at": failed_back and failed_back.happened_at.isoformat(),
            "events": [
                {"at": m.event.happened_at.isoformat(), "kind": m.event.kind, "sentence": m.event.sentence}
                for m in self.moments
            ],
        }

    @property
    def height(self) -> int:
        """Of the picture."""
        return TOP + ROW * len(self.moments) + 10


def report(event: Event) -> Report:
    """Gather what belongs to a failover: from shortly before it to the next one, or to its end."""
    found = of_event(event)
    belonging = Event.objects.filter(happened_at__gte=event.happened_at - BEFORE)
    if found.ended:
        belonging = belonging.filter(happened_at__lte=found.ended.happened_at)
    return Report(found, moments(list(belonging.order_by("happened_at", "id")[:MOST_EVENTS]), event))


def moments(events: Sequence[Event], failover: Event) -> tuple[Moment, ...]:
    """Where each event stands in the picture: from the old node to the new one, or beside the watch."""
    return tuple(
        Moment(
            one,
            TOP + ROW * number,
            LANES.get(one.old, WATCH),
            LANES.get(one.new, WATCH),
            (one.happened_at - failover.happened_at).total_seconds(),
        )
        for number, one in enumerate(events)
    )


def may_view(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    user: Any = request.user
    if not user.has_perm("cluster.view_event"):
        raise PermissionDenied("Your account may not look at events.")


def failovers(request: HttpRequest) -> HttpResponse:
    """All of them, the newest first."""
    may_view(request)
    context = {"title": "Failovers", "failovers": found_failovers()[:LISTED]}
    return render(request, "cluster/failovers.html", admin.site.each_context(request) | context)


def failover(request: HttpRequest, pk: int) -> HttpResponse:
    """One report; with ?format=json for a script."""
    may_view(request)
    told = report(get_object_or_404(all_failovers(), pk=pk))
    if request.GET.get("format") == "json":
        return JsonResponse(told.facts, json_dumps_params={"indent": 2})
    lanes = [(name.label, LANES[name.value]) for name in NodeName] + [("watch", WATCH)]
    context = {"title": "Failover", "report": told, "lanes": lanes, "text": TEXT}
    return render(request, "cluster/failover.html", admin.site.each_context(request) | context)
