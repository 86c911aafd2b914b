"""A report for each failover: what happened, what it took, what it cost, how it ended, what is left to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse

from cluster.actions.reports.failovers import Failover, all_failovers, of_event
from cluster.actions.reports.failovers import failovers as found_failovers
from cluster.models import Event
from cluster.protocol.names import NodeName
from cluster.views import hour, plots
from cluster.views.permissions import require
from cluster.views.window import GAP, LEFT, Window
from cluster.views.window import WIDTH as PLOT_WIDTH

BEFORE: Final = timedelta(seconds=30)
AROUND: Final = 300
"""Seconds before and after a failover of which the write rate is shown."""
LISTED: Final = 100
MOST_EVENTS: Final = 60
WIDTH: Final = 720


@dataclass(frozen=True)
class Phase:
    """A part of the downtime, to scale. seconds: how long it was."""

    name: str
    seconds: float
    x: float
    width: float
    kind: str


@dataclass(frozen=True)
class Report:
    """One failover, reported."""

    failover: Failover
    events: tuple[Event, ...]

    @property
    def event(self) -> Event:
        """The promotion."""
        return self.failover.event

    @property
    def facts(self) -> dict[str, Any]:
        """The report as a script reads it."""
        kept, recovered, failed_back = self.event.facts, self.failover.recovered, self.failover.failed_back
        return {
            "headline": self.headline,
            "failed": self.event.old,
            "promoted": self.event.new,
            "epoch": self.event.epoch,
            "at": self.event.happened_at.isoformat(),
            "missed_at": kept.get("missed_at"),
            "decision": self.event.sentence,
            "by": self.event.actor,
            "promotion_seconds": self.event.seconds,
            "gap_seconds": self.failover.downtime,
            "last_write_at": kept.get("last_write_at"),
            "first_write_at": kept.get("first_write_at"),
            "acknowledged_entries": kept.get("acknowledged_entries"),
            "orphaned_entries": self.failover.orphaned,
            "recovered_at": recovered and recovered.happened_at.isoformat(),
            "handed_back_at": failed_back and failed_back.happened_at.isoformat(),
            "next_steps": [sentence for sentence, _ in self.next_steps],
            "events": [
                {"at": one.happened_at.isoformat(), "kind": one.kind, "sentence": one.sentence}
                for one in self.events
            ],
        }

    @property
    def failed(self) -> str:
        """What people call the node that failed."""
        return NodeName(self.event.old).label

    @property
    def promoted(self) -> str:
        """What people call the node that took over."""
        return NodeName(self.event.new).label

    @property
    def headline(self) -> str:
        """The failover in three sentences."""
        at = self.event.facts.get("missed_at")
        when = datetime.fromisoformat(at) if at else self.event.happened_at
        failed = (
            f"{self.failed} failed at {when.astimezone(UTC):%H:%M:%S} UTC."
            if at
            else f"{self.failed} failed."
        )
        gap = self.failover.downtime
        took = "Its write downtime is not measured" if gap is None else f"No writes for {gap:.1f} s"
        lost = (
            "Acknowledged writes may be lost"
            if self.event.verb == "force"
            else f"No acknowledged write lost, {self.failover.orphaned} orphaned"
        )
        return f"{failed} {self.promoted} took over. {took}. {lost}."

    @property
    def phases(self) -> tuple[Phase, ...]:
        """From the last write to the first, to scale; none where the downtime is not measured."""
        return tuple(phases(self.event))

    @property
    def next_steps(self) -> list[tuple[str, str]]:
        """What is left to do, and the address that helps (empty without one)."""
        return list(next_steps(self.failover, self.failed))


def phases(event: Event) -> Iterator[Phase]:
    """Yield each phase. The moments are in order, whatever the clocks of the servers say."""
    facts = event.facts
    if facts.get("gap_seconds") is None:
        return
    began = datetime.fromisoformat(facts["last_write_at"])
    opened = event.happened_at
    missed = datetime.fromisoformat(facts.get("missed_at") or facts["last_write_at"])
    promoting = opened - timedelta(seconds=event.seconds or 0.0)
    moments = [began]
    for moment in (missed, promoting, opened, datetime.fromisoformat(facts["first_write_at"])):
        moments.append(max(moment, moments[-1]))
    whole = max((moments[-1] - began).total_seconds(), 0.001)
    names = (
        ("Detection", "away"),
        ("Decision", "decides"),
        ("Promotion", "follows"),
        ("First write", "writes"),
    )
    for (name, kind), start, end in zip(names, moments[:-1], moments[1:], strict=True):
        seconds = (end - start).total_seconds()
        x = round(WIDTH * (start - began).total_seconds() / whole, 1)
        yield Phase(name, seconds, x, max(round(WIDTH * seconds / whole, 1), 1.0), kind)


def next_steps(failover: Failover, failed: str) -> Iterator[tuple[str, str]]:
    """Yield what an operator has still to do about it."""
    node = NodeName(failover.event.old)
    if failover.recovered is None and failover.ended is None:
        yield f"Recover {failed}.", reverse("admin:verb_node", args=["recover", node])
    elif failover.ended is None and node is NodeName.MAIN:
        yield "Fail back to Main.", reverse("admin:verb", args=["demote"])
    if failover.orphaned:
        yield "Decide on the orphaned transactions.", reverse("admin:orphans")
    yield f"Read the error log of {failed} for the cause, and check its disk, memory and network.", ""


def report(event: Event) -> Report:
    """Gather what belongs to a failover: from shortly before it to the next one, or to its end."""
    found = of_event(event)
    belonging = Event.objects.filter(happened_at__gte=event.happened_at - BEFORE)
    if found.ended:
        belonging = belonging.filter(happened_at__lte=found.ended.happened_at)
    return Report(found, tuple(belonging.order_by("happened_at", "id")[:MOST_EVENTS]))


def write_rate(event: Event) -> dict[str, Any]:
    """Return the write rate around a failover, as the dashboard draws it; nothing once its samples are gone."""
    window = Window(event.happened_at.timestamp() + AROUND, 2 * AROUND, fixed=True)
    found = hour.stored(window)
    shown = {
        "window": window,
        "plot": plots.plot("Writes, entries/s", GAP, plots.of_nodes(found, plots.rate), window, "{:,.1f}"),
        "outages": hour.outages([], window),
        "left": LEFT,
        "width": PLOT_WIDTH,
    }
    return {"around": shown if found else None}


def may_view(request: HttpRequest) -> None:
    """Require the permission. Raises PermissionDenied."""
    require(request, "view_event", "see events")


def failovers(request: HttpRequest) -> HttpResponse:
    """Show all of them, the newest first."""
    may_view(request)
    context = {"title": "Failovers", "failovers": found_failovers()[:LISTED]}
    return render(request, "cluster/failovers.html", admin.site.each_context(request) | context)


def failover(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one report; with ?format=json for a script, with ?format=md to send on."""
    may_view(request)
    shown = report(get_object_or_404(all_failovers(), pk=pk))
    if request.GET.get("format") == "json":
        return JsonResponse(shown.facts, json_dumps_params={"indent": 2})
    if request.GET.get("format") == "md":
        text = render_to_string("cluster/failover.md", {"report": shown})
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")
    context = {"title": "Failover report", "report": shown, "width": WIDTH} | write_rate(shown.event)
    return render(request, "cluster/failover.html", admin.site.each_context(request) | context)
