"""Plots on the time axis of the history: lag, writes, how long they waited for the acknowledgement, probes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from cluster.actions.reports.writes import of_facts
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Sample
from cluster.protocol.names import NodeName
from cluster.views.window import GAP, HOLE, LEFT, PLOT, ROW, Window

ENOUGH: Final = 60
"""Values from which on it can be said what is usual."""
SPIKE: Final = 4.0
"""A value so many times above what is usual is cut off, so that it does not flatten the rest."""
QUANTILES: Final = {"p50": 0.5, "p99": 0.99}

Value = Callable[[dict[str, Any], dict[str, Any] | None, float], float | None]
Series = list[tuple[int, float | None]]
Curves = list[tuple[str, str, Series]]
"""What each is called, its kind, its values by slot."""


@dataclass(frozen=True)
class Line:
    """Values as polylines, one between two holes; kind tells the dashes. last: the value at the end, in words."""

    label: str
    kind: str
    points: tuple[str, ...]
    last: str


@dataclass(frozen=True)
class Plot:
    """Lines on one scale. y: its top. most: the value at the top, in words; peak: what was cut off, if anything."""

    title: str
    y: int
    top: float
    most: str
    peak: str
    lines: tuple[Line, ...]

    @property
    def base(self) -> int:
        """Where its zero stands."""
        return self.y + PLOT


def plots(found: Sequence[Sample], window: Window) -> list[Plot]:
    """Return all plots, below the strips."""
    top = GAP + 3 * (ROW + 4) + 2 * GAP
    kinds: list[tuple[str, Curves, str]] = [
        ("Replication lag, entries", of_nodes(found, lag), "{:,.0f}"),
        ("Writes, entries/s", of_nodes(found, rate), "{:,.1f}"),
        ("Acknowledgement latency, ms (p50 solid, p99 dashed)", of_writers(found), "{:,.1f}"),
        ("Probe time, ms", of_nodes(found, milliseconds), "{:,.1f}"),
    ]
    return [
        plot(title, top + number * (PLOT + 2 * GAP), curves, window, form)
        for number, (title, curves, form) in enumerate(kinds)
    ]


def of_nodes(found: Sequence[Sample], value: Value) -> Curves:
    """Return a curve for each node."""
    return [(name.label, name.value, series(found, name, value)) for name in NodeName]


def of_writers(found: Sequence[Sample]) -> Curves:
    """Return how long writers waited between each two samples that know of writes."""
    kept = [(sample.slot, writes) for sample in found if (writes := of_facts(sample.facts))]
    between = [(slot, writes.since(before)) for (_, before), (slot, writes) in pairwise(kept)]
    return [
        (name, name, [(slot, in_milliseconds(writes.quantile(share))) for slot, writes in between])
        for name, share in QUANTILES.items()
    ]


def lag(node: dict[str, Any], _before: dict[str, Any] | None, _seconds: float) -> float | None:
    """Return how many entries the node lacks."""
    number: float | None = node["lag_entries"]
    return number


def rate(node: dict[str, Any], before: dict[str, Any] | None, seconds: float) -> float | None:
    """Entries a second since the sample before, however long ago that was."""
    if before is None or seconds <= 0 or not (node["entries"] and before["entries"]):
        return None
    return max(node["entries"] - before["entries"], 0) / seconds


def milliseconds(node: dict[str, Any], _before: dict[str, Any] | None, _seconds: float) -> float | None:
    """Return how long the node took to answer."""
    return in_milliseconds(node["probe_seconds"])


def in_milliseconds(seconds: float | None) -> float | None:
    """Return milliseconds."""
    return None if seconds is None else 1000 * seconds


def plot(title: str, y: int, curves: Curves, window: Window, form: str) -> Plot:
    """Return one plot."""
    numbers = [number for _, _, line in curves for _, number in line if number is not None]
    top, peak = scale(numbers)
    lines = tuple(
        Line(label, kind, tuple(segments(line, top, y, window)), last(line, form))
        for label, kind, line in curves
    )
    return Plot(title, y, top, form.format(top), form.format(peak) if peak > top else "", lines)


def scale(numbers: Sequence[float]) -> tuple[float, float]:
    """Return the value at the top of a plot, and the highest of all: a few spikes are cut off."""
    if not numbers:
        return 1.0, 0.0
    ordered = sorted(numbers)
    peak, usual = ordered[-1], ordered[int(0.98 * (len(ordered) - 1))]
    is_spike = len(ordered) >= ENOUGH and usual and peak > SPIKE * usual
    return (usual * 1.5 if is_spike else peak) or 1.0, peak


def series(found: Sequence[Sample], name: NodeName, value: Value) -> Series:
    """Return what a node had in each slot."""
    result: Series = []
    before: Sample | None = None
    for sample in found:
        seconds = moment(sample) - moment(before) if before else 0.0
        earlier = before.facts["nodes"][name.value] if before else None
        result.append((sample.slot, value(sample.facts["nodes"][name.value], earlier, seconds)))
        before = sample
    return result


def moment(sample: Sample) -> float:
    """Return when the values of a sample were read, seconds since 1970."""
    return float(sample.facts.get("at", (sample.slot + 1) * SLOT))


def last(line: Series, form: str) -> str:
    """Return the newest value, if the node answered then."""
    return form.format(line[-1][1]) if line and line[-1][1] is not None else "no data"


def segments(line: Series, top: float, y: int, window: Window) -> Iterator[str]:
    """Yield the segments as polylines take them: one between two holes."""
    points: list[str] = []
    before = 0
    for slot, number in line:
        if points and (number is None or slot - before > HOLE * window.step):
            yield " ".join(points)
            points = []
        if number is not None and window.x(slot * SLOT) >= LEFT:
            points.append(f"{window.x(slot * SLOT)},{round(y + PLOT - PLOT * min(number / top, 1.0), 1)}")
            before = slot
    if points:
        yield " ".join(points)


def write_rate(facts: dict[str, Any], at: float) -> str:
    """Entries a second on the primary since the newest sample."""
    primary = facts.get("primary")
    before = Sample.objects.order_by("-slot").first()
    if primary is None or before is None:
        return "no data"
    found = rate(facts["nodes"][primary], before.facts["nodes"][primary], at - moment(before))
    return "no data" if found is None else f"{found:,.1f} entries/s"
