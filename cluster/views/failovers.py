"""A report for each failover: when it was seen, why it was decided, what it took, what it cost, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from cluster.models import Event
from cluster.protocol.names import NodeName

VERBS: Final = ("promote", "force")
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
    """One failover, told. recovered: the recovery of the old primary. handed_back: the switchover that ended it."""

    event: Event
    moments: tuple[Moment, ...]
    recovered: Event | None
    handed_back: Event | None

    @property
    def facts(self) -> dict[str, Any]:
        """The receipt."""
        told = self.event.facts
        gap = told.get("gap_seconds")
        return {
            "failed": self.event.old,
            "promoted": self.event.new,
            "epoch": self.event.epoch,
            "at": self.event.happened_at.isoformat(),
            "missed_at": None
            if gap is None
            else (self.event.happened_at - timedelta(seconds=gap)).isoformat(),
            "decision": self.event.sentence,
            "by": self.event.actor,
            "promotion_seconds": self.event.seconds,
            "gap_seconds": gap,
            "acknowledged_entries": told.get("acknowledged_entries"),
            "orphaned_entries": told.get("orphaned_entries"),
            "recovered_at": self.recovered and self.recovered.happened_at.isoformat(),
            "orphaned_at_recovery": self.recovered and self.recovered.facts.get("orphaned_entries"),
            "handed_back_at": self.handed_back and self.handed_back.happened_at.isoformat(),
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
    following = Event.objects.filter(happened_at__gt=event.happened_at)
    changes = following.filter(kind=Event.Kind.TRANSITION).order_by("happened_at")
    handed = changes.filter(verb__in=("switchover", "promote", "resume", "force")).first()
    until = handed.happened_at if handed else None
    recoveries = changes.filter(verb="recover")
    recovered = (recoveries.filter(happened_at__lte=until) if until else recoveries).first()
    belonging = Event.objects.filter(happened_at__gte=event.happened_at - BEFORE)
    if until:
        belonging = belonging.filter(happened_at__lte=until)
    told = list(belonging.order_by("happened_at", "id")[:MOST_EVENTS])
    return Report(
        event, moments(told, event), recovered, handed if handed and handed.verb == "switchover" else None
    )


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


def all_failovers() -> QuerySet[Event]:
    """Promotions in place of another node; the first one of a cluster replaced nobody."""
    return Event.objects.filter(kind=Event.Kind.TRANSITION, verb__in=VERBS).exclude(old="")


def may_view(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    user: Any = request.user
    if not user.has_perm("cluster.view_event"):
        raise PermissionDenied("Your account may not look at events.")


def failovers(request: HttpRequest) -> HttpResponse:
    """All of them, the newest first."""
    may_view(request)
    context = {"title": "Failovers", "failovers": all_failovers()[:LISTED]}
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
