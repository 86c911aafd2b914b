"""The dashboard: what an operator sees first. Its parts are fetched again every two seconds."""

import time
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.actions.operations.verbs import VERBS
from cluster.actions.verification.proof import proof
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Job, Sample
from cluster.protocol.names import NodeName
from cluster.views import hour, topology
from cluster.views.problems import differing, forecast, problems
from cluster.views.seen import Seen, seen

HOUR, DAY = 3_600, 86_400
EVENTS = 12


def now_part(request: HttpRequest) -> HttpResponse:
    """What changes from second to second."""
    return render(request, "cluster/parts/now.html", now_context())


def hour_part(request: HttpRequest) -> HttpResponse:
    """The last while in pictures."""
    return render(request, "cluster/parts/hour.html", hour_context(chosen(request)))


def chosen(request: HttpRequest) -> int:
    """The seconds that the address asks for."""
    wanted = request.GET.get("seconds", "")
    return int(wanted) if wanted.isdecimal() and int(wanted) in hour.RANGES else hour.SECONDS


def now_context() -> dict[str, Any]:
    """The nodes, the problems, the forecast, the last transactions."""
    looked, proven = seen(), proof()
    return {
        "proof": proven,
        "seen": looked,
        "boxes": topology.boxes(looked),
        "arrows": topology.arrows(looked),
        "problems": [(one, VERBS.get(one.verb)) for one in [*problems(looked), *differing(proven)]],
        "forecast": forecast(looked),
        "recent": [arrivals(looked, entry) for entry in looked.facts.get("recent", [])],
        "jobs": Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING]),
    }


def arrivals(looked: Seen, entry: dict[str, Any]) -> dict[str, Any]:
    """A transaction, and which nodes have it; None where that is not known."""
    has = [(node.label, entry["has"][node.name]) for node in looked]
    source = next((name.label for name in NodeName if name.source == entry["source"]), entry["source"])
    return entry | {"has": has, "writer": source}


def hour_context(seconds: int = hour.SECONDS) -> dict[str, Any]:
    """Roles, outages, events, plots, availability."""
    window = hour.Window(time.time(), seconds)
    found = hour.samples(window)
    plots = hour.plots(found, window)
    return {
        "ranges": hour.RANGES.items(),
        "window": window,
        "strips": hour.strips(found, window),
        "outages": hour.outages(found, window),
        "marks": hour.marks(window),
        "plots": plots,
        "legend": hour.legend(plots),
        "availability": [("1 h", availability(HOUR)), ("24 h", availability(DAY))],
        "events": Event.objects.exclude(kind=Event.Kind.DECISION)[:EVENTS],
        "left": hour.LEFT,
        "width": hour.WIDTH,
        "base": plots[-1].base,
    }


def availability(seconds: int) -> str:
    """In how many probes of the last while a node took writes."""
    summed = Sample.objects.filter(slot__gt=(time.time() - seconds) // SLOT).aggregate(
        looks=Sum("looks"), writable=Sum("writable")
    )
    if not summed["looks"]:
        return "no data"
    share = f"{100 * summed['writable'] / summed['looks']:.3f}".rstrip("0").rstrip(".")
    return f"{share} % ({summed['looks']:,} probes)"
