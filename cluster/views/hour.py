"""The last while on one time axis, drawn on the server: who had which role, outages, events, and plots of each node."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from django.db.models import F, Q

from cluster.actions.reports import observations
from cluster.actions.reports.downtime import FACTS_OF_GAP
from cluster.actions.reports.failovers import all_failovers
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Sample
from cluster.protocol.names import NodeName
from cluster.views.seen import ROLES

WIDTH: Final = 720
LEFT: Final = 64
SECONDS: Final = 3600
DAY: Final = 86_400
RANGES: Final = {900: "15 min", 3600: "1 h", 86_400: "24 h", 604_800: "7 d"}
"""Seconds that a page shows, and what the button is called."""
POINTS: Final = 720
"""Samples that a plot shows at most: of a longer time every second, third ... is taken."""
HOLE: Final = 3
"""Slots without a sample after which a line breaks."""
ROW, PLOT, GAP = 18, 50, 12
ENOUGH: Final = 60
"""Values from which on it can be said what is usual."""
SPIKE: Final = 4.0
"""A value so many times above what is usual is cut off, so that it does not flatten the rest."""


@dataclass(frozen=True)
class Window:
    """The time that is shown, up to `now` (seconds since 1970)."""

    now: float
    seconds: int = SECONDS

    def x(self, at: float) -> float:
        """Return where a moment stands."""
        return round(LEFT + (WIDTH - LEFT) * (1 - (self.now - at) / self.seconds), 1)

    @property
    def began(self) -> float:
        """The moment at its left end."""
        return self.now - self.seconds

    @property
    def step(self) -> int:
        """Of how many samples one is drawn."""
        return max(self.seconds // SLOT // POINTS, 1)

    @property
    def refresh(self) -> int:
        """Seconds after which it is drawn again: a longer time changes more slowly, and costs more."""
        return 5 if self.step == 1 else 30

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and times of the axis."""
        every = self.seconds / 6
        first = (self.began // every + 1) * every
        moments = [first + every * number for number in range(6)]
        form = "%H:%M" if self.seconds <= DAY else "%d %b"
        return [
            (self.x(at), datetime.fromtimestamp(at, UTC).strftime(form)) for at in moments if at <= self.now
        ]


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


@dataclass(frozen=True)
class Line:
    """A node's values as polylines, one between two holes; kind tells its dashes. last: its value now, in words."""

    label: str
    kind: str
    points: tuple[str, ...]
    last: str


@dataclass(frozen=True)
class Plot:
    """Lines of three nodes. y: its top. most: the value at the top, in words; peak: what was cut off, if anything."""

    title: str
    y: int
    most: str
    peak: str
    lines: tuple[Line, ...]

    @property
    def base(self) -> int:
        """Where its zero stands."""
        return self.y + PLOT


def samples(window: Window) -> list[Sample]:
    """Return the samples of the window, oldest first, and the newest observation as that of the open slot."""
    found, newest = stored(window), observations.newest()
    if newest is not None and observations.age(newest) <= observations.STALE_SECONDS:
        present = observations.sample_of(newest)
        if not found or present.slot > found[-1].slot:
            found.append(present)
    return found


def stored(window: Window) -> list[Sample]:
    """Return the samples of the window, and later ones; of a long window some, but every one with an outage."""
    kept = Sample.objects.filter(slot__gt=int(window.began // SLOT))
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
    """Return when no node took writes: slots with a probe that saw none, and the exact gaps of failovers."""
    seen = [
        Stripe(
            window.x(one.slot * SLOT), max(SLOT * (WIDTH - LEFT) / window.seconds, 2), words(one), "outage"
        )
        for one in found
        if one.writable < one.rounds
    ]
    began = datetime.fromtimestamp(window.began, UTC)
    gaps = [
        [datetime.fromisoformat(event.facts[key]).timestamp() for key in FACTS_OF_GAP]
        for event in all_failovers().filter(happened_at__gt=began)
        if event.facts.get("gap_seconds") is not None
    ]
    exact = [
        Stripe(window.x(a), max(window.x(b) - window.x(a), 2), f"No writes for {b - a:.2f} s", "outage")
        for a, b in gaps
    ]
    return [one for one in (*seen, *exact) if one.x >= LEFT]


def words(sample: Sample) -> str:
    """Return an outage as probes saw it."""
    return (
        f"{sample.at:%H:%M:%S} UTC: no primary in {sample.rounds - sample.writable} of {sample.rounds} probes"
    )


def marks(window: Window) -> list[Mark]:
    """Return the transitions and alarms."""
    kinds = (Event.Kind.TRANSITION, Event.Kind.ALARM)
    began = datetime.fromtimestamp(window.began, UTC)
    found = Event.objects.filter(kind__in=kinds, happened_at__gt=began)[:50]
    return [Mark(window.x(event.happened_at.timestamp()), event) for event in found]


def plots(found: Sequence[Sample], window: Window) -> list[Plot]:
    """Lag, write rate and probe latency of each node, below the strips."""
    top = GAP + 3 * (ROW + 4) + 2 * GAP
    kinds: list[tuple[str, Value, str]] = [
        ("Replication lag, entries", lambda node, _before, _seconds: node["lag_entries"], "{:,.0f}"),
        ("Writes, entries/s", rate, "{:,.1f}"),
        ("Probe time, ms", milliseconds, "{:,.1f}"),
    ]
    return [
        plot(title, top + number * (PLOT + 2 * GAP), found, window, value, form)
        for number, (title, value, form) in enumerate(kinds)
    ]


def rate(node: dict[str, Any], before: dict[str, Any] | None, seconds: float) -> float | None:
    """Entries a second since the sample before, however long ago that was."""
    if before is None or seconds <= 0 or not (node["entries"] and before["entries"]):
        return None
    return max(node["entries"] - before["entries"], 0) / seconds


def milliseconds(node: dict[str, Any], _before: dict[str, Any] | None, _seconds: float) -> float | None:
    """Return how long the node took to answer."""
    return None if node["probe_seconds"] is None else float(node["probe_seconds"] * 1000)


Value = Callable[[dict[str, Any], dict[str, Any] | None, float], float | None]
Series = list[tuple[int, float | None]]


def plot(title: str, y: int, found: Sequence[Sample], window: Window, value: Value, form: str) -> Plot:
    """Return one plot."""
    values = {name: series(found, name, value) for name in NodeName}
    numbers = [number for line in values.values() for _, number in line if number is not None]
    top, peak = scale(numbers)
    lines = tuple(
        Line(name.label, name.value, tuple(segments(line, top, y, window)), last(line, form))
        for name, line in values.items()
    )
    return Plot(title, y, form.format(top), form.format(peak) if peak > top else "", lines)


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
