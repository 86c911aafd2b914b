"""A while on one time axis, drawn on the server: who had which role, outages, events. The plots below have a module."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import F, Q

from cluster.actions.reports import observations
from cluster.actions.reports.downtime import FACTS_OF_GAP
from cluster.actions.reports.failovers import all_failovers
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Sample
from cluster.protocol.names import NodeName
from cluster.views.seen import ROLES
from cluster.views.window import GAP, HOLE, LEFT, ROW, WIDTH, Window

LATEST = timedelta(minutes=10)
"""A promotion may come so long after the last write: its gap began before it."""


@dataclass(frozen=True)
class Stripe:
    """A stretch of time in one state."""

    x: float
    width: float
    words: str
    kind: str


@dataclass(frozen=True)
class Strip:
    """A node's time."""

    label: str
    y: int
    stripes: tuple[Stripe, ...]


@dataclass(frozen=True)
class Mark:
    """An event."""

    x: float
    event: Event


def samples(window: Window) -> list[Sample]:
    """Return the samples of the window, oldest first, and the newest observation as that of the open slot."""
    found, newest = stored(window), observations.newest()
    if newest is not None and observations.age(newest) <= observations.STALE_SECONDS:
        present = observations.sample_of(newest)
        is_later = not found or present.slot > found[-1].slot
        if is_later and present.slot * SLOT <= window.now:
            found.append(present)
    return found


def stored(window: Window) -> list[Sample]:
    """Return the samples of the window; of a long one some, but every one with an outage."""
    kept = Sample.objects.filter(slot__gte=int(window.began // SLOT), slot__lte=int(window.now // SLOT))
    if window.step > 1:
        kept = kept.annotate(rest=F("slot") % window.step).filter(Q(rest=0) | Q(writable__lt=F("rounds")))
    return list(kept)


def strips(found: Sequence[Sample], window: Window) -> list[Strip]:
    """Return one strip a node: which role it had when."""
    return [
        Strip(name.label, GAP + (ROW + 4) * number, tuple(stripes(found, name, window)))
        for number, name in enumerate(NodeName)
    ]


def stripes(found: Sequence[Sample], name: NodeName, window: Window) -> Iterable[Stripe]:
    """Stretches of the same role; a hole where nobody probed."""

    def key(sample: Sample) -> tuple[str, str]:
        node = sample.facts["nodes"][name.value]
        if node["mode"] == "UNKNOWN" or node.get("missed"):
            return (ROLES["UNKNOWN"], "away")
        return (ROLES[node["mode"]], "writes" if node["writable"] else "follows")

    for stretch in unbroken(found, window):
        for (words, kind), group in groupby(stretch, key):
            slots = [sample.slot for sample in group]
            start = max(window.x(slots[0] * SLOT), LEFT)
            end = min(window.x((slots[-1] + window.step) * SLOT), WIDTH)
            yield Stripe(start, max(round(end - start, 1), 1.5), words, kind)


def unbroken(found: Sequence[Sample], window: Window) -> Iterator[list[Sample]]:
    """Yield samples that follow each other without a hole."""
    stretch: list[Sample] = []
    for sample in found:
        if stretch and sample.slot - stretch[-1].slot > HOLE * window.step:
            yield stretch
            stretch = []
        stretch.append(sample)
    if stretch:
        yield stretch


def outages(found: Sequence[Sample], window: Window) -> list[Stripe]:
    """Return when no node took writes: the exact gaps of failovers, and other slots with a probe that saw none."""
    began, ended = window.ends
    gaps = [
        [datetime.fromisoformat(event.facts[key]).timestamp() for key in FACTS_OF_GAP]
        for event in all_failovers().filter(happened_at__gt=began, happened_at__lt=ended + LATEST)
        if event.facts.get("gap_seconds") is not None
    ]
    exact = [(first, last, f"No writes for {last - first:.2f} s") for first, last in gaps]
    slots = [((one.slot * SLOT, (one.slot + 1) * SLOT), one) for one in found if one.writable < one.rounds]
    seen = [
        (*slot, words(one))
        for slot, one in slots
        if not any(first < slot[1] and last > slot[0] for first, last in gaps)
    ]
    return [
        outage(first, last, said, window)
        for first, last, said in (*seen, *exact)
        if last >= window.began and first <= window.now
    ]


def outage(first: float, last: float, said: str, window: Window) -> Stripe:
    """Return an outage as far as the window shows it, however short it was."""
    start = max(window.x(first), LEFT)
    return Stripe(start, max(round(min(window.x(last), WIDTH) - start, 1), 2), said, "outage")


def words(sample: Sample) -> str:
    """Return an outage as probes saw it."""
    return (
        f"{sample.at:%H:%M:%S} UTC: no primary in {sample.rounds - sample.writable} of {sample.rounds} probes"
    )


def marks(window: Window) -> list[Mark]:
    """Return the transitions and alarms."""
    kinds = (Event.Kind.TRANSITION, Event.Kind.ALARM)
    found = Event.objects.filter(kind__in=kinds, happened_at__range=window.ends)[:50]
    return [Mark(window.x(event.happened_at.timestamp()), event) for event in found]
