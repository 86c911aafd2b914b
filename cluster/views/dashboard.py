"""The dashboard: what an operator sees first. Its parts are fetched again every two seconds."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.actions.operations.verbs import VERBS
from cluster.actions.reports.failovers import failovers
from cluster.actions.reports.writes import counted, within
from cluster.actions.verification.proof import proof
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Job, Sample
from cluster.protocol.names import NodeName
from cluster.views import actions, hour, plots, window
from cluster.views.cards import cards
from cluster.views.permissions import may
from cluster.views.problems import Problem, differing, forecast, problems, risk
from cluster.views.seen import Seen, seen
from cluster.views.window import DAY, Window

MONTH: Final = timedelta(days=30)
LATELY: Final = 300.0
"""Seconds of which the latency is shown."""
EVENTS, SHOWN = 2, 3
"""Events and transactions that the dashboard lists: with more it would not fit on one screen."""


def now_part(request: HttpRequest) -> HttpResponse:
    """Show what changes from second to second."""
    return render(request, "cluster/parts/now.html", now_context(request) | {"parts": True})


def hour_part(request: HttpRequest) -> HttpResponse:
    """Show the last while in pictures."""
    return render(request, "cluster/parts/hour.html", hour_context(window.chosen(request.GET)))


def now_context(request: HttpRequest) -> dict[str, Any]:
    """Return the state, the nodes, the figures, the problems, the recent transactions."""
    observed, proven = seen(), proof()
    problematic = [*problems(observed), *differing(proven)]
    return {
        "proof": proven,
        "seen": observed,
        "cards": cards(request, observed),
        "problems": problematic,
        "next_step": (step := next_step(request, observed, problematic)),
        "next_words": next_words(step, problematic),
        "risk": risk(observed),
        "forecast": forecast(observed),
        "recent": [arrivals(observed, entry) for entry in observed.facts.get("recent", [])[:SHOWN]],
        "jobs": Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING]),
        "cluster_verbs": actions.of_cluster(request, observed),
        **figures(observed),
    }


def next_step(request: HttpRequest, observed: Seen, found: list[Problem]) -> dict[str, str] | None:
    """Return the one thing to do: what helps against the worst problem that the user can do something about."""
    for one in sorted(found, key=lambda problem: problem.badness):
        if one.verb and may(request, VERBS[one.verb].permission) and not one.blocked(observed):
            return {"title": one.action, "address": one.address}
        if one.page and may(request, "decide_orphans"):
            return {"title": "Decide on orphaned transactions", "address": one.address}
    return None


def next_words(step: dict[str, str] | None, found: list[Problem]) -> str:
    """Return what to do next, in a few words: the action, else advice on the worst problem, else nothing."""
    if step:
        return step["title"]
    ordered = sorted(found, key=lambda problem: problem.badness)
    advice = next((one.advice for one in ordered if one.advice), "")
    return advice or (ordered[0].sentence if ordered else "nothing to do")


def figures(observed: Seen) -> dict[str, Any]:
    """Failovers, downtime, the rate of writes, their latency, and what became of them."""
    found = failovers(since=datetime.now(UTC) - MONTH)
    measured = [one.downtime for one in found if one.downtime is not None]
    down = sum(measured)
    share = f"{100 * (1 - down / MONTH.total_seconds()):.5f}".rstrip("0").rstrip(".")
    return {
        "last_failover": found[0] if found else None,
        "downtime": f"{down:.1f} s ({share} % available)"
        if measured
        else "not measured"
        if found
        else "none",
        "write_rate": plots.write_rate(observed.facts, observed.at),
        **write_figures(),
    }


def write_figures() -> dict[str, Any]:
    """Return how long writers waited of late, and how many transactions of the last day were not acknowledged."""
    now = counted()
    lately, day = within(now, time.time(), LATELY), within(now, time.time(), DAY)
    return {
        "latency": " · ".join(map(milliseconds, (lately.quantile(0.5), lately.quantile(0.99))))
        if lately and lately.acknowledged
        else "no writes",
        "writes": day,
    }


def milliseconds(seconds: float | None) -> str:
    """Return a latency in milliseconds."""
    return "no data" if seconds is None else f"{1000 * seconds:.{0 if seconds >= 0.01 else 1}f} ms"


def arrivals(observed: Seen, entry: dict[str, Any]) -> dict[str, Any]:
    """Return a transaction, and which nodes have it; None where that is not known."""
    has = [(node.label, entry["has"][node.name]) for node in observed]
    source = next((name.label for name in NodeName if name.source == entry["source"]), entry["source"])
    return entry | {"has": has, "writer": source}


def hour_context(shown: Window) -> dict[str, Any]:
    """Roles, outages, events, plots, availability."""
    found = hour.samples(shown)
    drawn = plots.plots(found, shown)
    listed = Event.objects.exclude(kind=Event.Kind.DECISION)
    return {
        "ranges": window.RANGES.items(),
        "window": shown,
        "strips": hour.strips(found, shown),
        "outages": hour.outages(found, shown),
        "marks": hour.marks(shown),
        "plots": drawn,
        "legend": [{"label": name.label, "kind": name.value} for name in NodeName],
        "availability": availability(DAY),
        "events": listed.filter(happened_at__range=shown.ends)[:EVENTS] if shown.fixed else listed[:EVENTS],
        "left": window.LEFT,
        "width": window.WIDTH,
        "base": drawn[-1].base,
    }


def availability(seconds: int) -> str:
    """Return the share of probes of the last while in which a node took writes."""
    summed = Sample.objects.filter(slot__gt=(time.time() - seconds) // SLOT).aggregate(
        rounds=Sum("rounds"), writable=Sum("writable")
    )
    if not summed["rounds"]:
        return "no data"
    share = f"{100 * summed['writable'] / summed['rounds']:.3f}".rstrip("0").rstrip(".")
    return f"{share} % ({summed['rounds']:,} probes)"
