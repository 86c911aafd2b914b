"""The last hour, drawn on the server from the samples: who had which role, what changed, how each node did."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Sample
from cluster.protocol.names import NodeName
from cluster.views.seen import ROLES

WIDTH, HEIGHT = 720, 90
LEFT: Final = 64
SECONDS: Final = 3600


@dataclass(frozen=True)
class Stripe:
    """A stretch of a node's time in one role."""

    x: float
    width: float
    words: str
    kind: str


@dataclass(frozen=True)
class Strip:
    """A node's hour."""

    label: str
    y: int
    stripes: tuple[Stripe, ...]


@dataclass(frozen=True)
class Mark:
    """An event in the hour."""

    x: float
    event: Event


@dataclass(frozen=True)
class Line:
    """A node's values as a polyline; kind tells its dashes."""

    label: str
    kind: str
    points: str
    last: str


@dataclass(frozen=True)
class Plot:
    """Lines of three nodes over the hour. most: the value at the top, in words."""

    title: str
    most: str
    lines: tuple[Line, ...]


def samples(seconds: int = SECONDS) -> list[Sample]:
    """The samples of the last while, oldest first."""
    return list(Sample.objects.filter(slot__gt=(time.time() - seconds) // SLOT))


def place(slot: float, now: float) -> float:
    """Where a slot stands in the hour."""
    return round(LEFT + (WIDTH - LEFT) * (1 - (now - slot * SLOT) / SECONDS), 1)


def strips(found: Sequence[Sample], now: float) -> list[Strip]:
    """One strip a node: which role it had when."""
    return [
        Strip(name.label, 8 + 26 * number, tuple(stripes(found, name, now)))
        for number, name in enumerate(NodeName)
    ]


def stripes(found: Sequence[Sample], name: NodeName, now: float) -> Iterable[Stripe]:
    """Stretches of the same role; a hole where nobody looked."""

    def key(sample: Sample) -> tuple[str, str]:
        node = sample.facts["nodes"][name.value]
        if node["mode"] == "UNKNOWN":
            return (ROLES["UNKNOWN"], "away")
        return (ROLES[node["mode"]], "writes" if node["writable"] else "follows")

    for (words, kind), group in groupby(found, key):
        slots = [sample.slot for sample in group]
        start, end = place(slots[0], now), place(slots[-1] + 1, now)
        yield Stripe(max(start, LEFT), max(end - max(start, LEFT), 1), words, kind)


def marks(now: float) -> list[Mark]:
    """The transitions and alarms of the hour."""
    kinds = (Event.Kind.TRANSITION, Event.Kind.ALARM)
    found = Event.objects.filter(kind__in=kinds).order_by("-happened_at")[:50]
    placed = [Mark(place(event.happened_at.timestamp() / SLOT, now), event) for event in found]
    return [mark for mark in placed if mark.x >= LEFT]


def plots(found: Sequence[Sample], now: float) -> list[Plot]:
    """Lag, write rate and probe latency of each node."""
    return [
        plot("Lag, entries", found, now, lambda node, _before: node["lag_entries"], "{:,.0f}"),
        plot("Entries written a second", found, now, rate, "{:,.1f}"),
        plot("Time to answer, milliseconds", found, now, milliseconds, "{:,.1f}"),
    ]


def rate(node: dict[str, Any], before: dict[str, Any] | None) -> float | None:
    """Entries a second since the sample before."""
    if before is None or not (node["entries"] and before["entries"]):
        return None
    return max(node["entries"] - before["entries"], 0) / SLOT


def milliseconds(node: dict[str, Any], _before: dict[str, Any] | None) -> float | None:
    """How long the node took to answer."""
    return None if node["probe_seconds"] is None else float(node["probe_seconds"] * 1000)


Value = Callable[[dict[str, Any], dict[str, Any] | None], float | None]


def plot(title: str, found: Sequence[Sample], now: float, value: Value, form: str) -> Plot:
    """One plot."""
    values = {name: series(found, name, value) for name in NodeName}
    most = max((number for line in values.values() for _, number in line if number), default=0) or 1
    lines = tuple(
        Line(
            name.label, name.value, points(line, most, now), form.format(line[-1][1]) if line else "not known"
        )
        for name, line in values.items()
    )
    return Plot(title, form.format(most), lines)


def series(found: Sequence[Sample], name: NodeName, value: Value) -> list[tuple[int, float]]:
    """What a node had in each slot."""
    result, before = [], None
    for sample in found:
        node = sample.facts["nodes"][name.value]
        number = value(node, before)
        if number is not None:
            result.append((sample.slot, number))
        before = node
    return result


def points(line: Sequence[tuple[int, float]], most: float, now: float) -> str:
    """As a polyline takes them."""
    return " ".join(
        f"{place(slot, now)},{round(HEIGHT - 8 - (HEIGHT - 20) * number / most, 1)}"
        for slot, number in line
        if place(slot, now) >= LEFT
    )
