"""The plots of the last while: holes, spikes, rates, and legends tell the truth."""

from typing import Any

import pytest

from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Sample
from cluster.protocol.names import NodeName
from cluster.views import hour

NOW = 1_800_000_000.0
WINDOW = hour.Window(NOW)
LAST = int(NOW // SLOT) - 1


def sample(
    slot: int, *, entries: int = 100, lag: int | None = 0, writable: int = 10, missed: int = 0
) -> Sample:
    """Return a sample in which Main takes writes; missed: probes that it did not answer."""
    mode = "UNKNOWN" if lag is None else "PRIMARY"
    node: dict[str, Any] = {
        "mode": mode, "lag_entries": lag, "probe_seconds": None if lag is None else 0.002, "entries": entries,
        "writable": True, "missed": missed,
    }  # fmt: skip
    facts = {"nodes": {name.value: dict(node) for name in NodeName}, "at": (slot + 1) * SLOT}
    return Sample(slot=slot, rounds=10, writable=writable, facts=facts)


def rates(*found: Sample) -> hour.Plot:
    """Return the plot of the write rate."""
    return hour.plots(found, WINDOW)[1]


def test_a_rate_over_a_hole_is_divided_by_all_of_it():
    plot = rates(sample(LAST - 200, entries=100), sample(LAST, entries=100 + 200 * SLOT * 32))
    assert (plot.most, plot.lines[0].last) == ("32.0", "32.0")


def test_a_line_and_a_strip_break_at_a_hole():
    found = [sample(LAST - 100), sample(LAST - 99), sample(LAST - 1), sample(LAST)]
    assert len(hour.plots(found, WINDOW)[0].lines[0].points) == 2
    stripes = hour.strips(found, WINDOW)[0].stripes
    assert len(stripes) == 2
    assert stripes[0].x + stripes[0].width < stripes[1].x


def test_a_node_that_does_not_answer_has_no_last_value():
    plot = hour.plots([sample(LAST - 1, lag=5), sample(LAST, lag=None)], WINDOW)[0]
    assert plot.lines[0].last == "no data"


def test_a_spike_does_not_flatten_the_rest():
    found = [sample(LAST - 100 + number, lag=10) for number in range(100)] + [sample(LAST, lag=58_000)]
    plot = hour.plots(found, WINDOW)[0]
    assert (plot.most, plot.peak) == ("15", "58,000")
    heights = [float(point.split(",")[1]) for point in plot.lines[0].points[0].split()]
    assert min(heights) >= plot.y


def test_strips_and_plots_share_the_axis():
    found = [sample(LAST - 1), sample(LAST)]
    assert hour.strips(found, WINDOW)[0].stripes[0].x == WINDOW.x((LAST - 1) * SLOT)
    assert hour.plots(found, WINDOW)[0].lines[0].points[0].startswith(f"{WINDOW.x((LAST - 1) * SLOT)},")


@pytest.mark.django_db(databases=["control"])
def test_a_short_outage_leaves_a_trace():
    short = sample(LAST - 5, writable=9, missed=1)
    assert [stripe.kind for stripe in hour.strips([short], WINDOW)[0].stripes] == ["away"]
    (seen,) = hour.outages([short, sample(LAST)], WINDOW)
    assert seen.width >= 2
    moments = {
        "last_write_at": "2027-01-15T07:50:00.000+00:00",
        "first_write_at": "2027-01-15T07:50:00.200+00:00",
    }
    Event.objects.create(
        happened_at="2027-01-15T07:50:00.1Z", kind="TRANSITION", verb="promote", old="main", sentence="x",
        facts={"gap_seconds": 0.2, **moments},
    )  # fmt: skip
    (exact,) = hour.outages([], WINDOW)
    assert (exact.words, exact.width) == ("No writes for 0.20 s", 2)


@pytest.mark.django_db(databases=["control"])
def test_of_a_long_time_some_samples_are_drawn_and_every_outage():
    window = hour.Window(NOW, 604_800)
    slots = range(LAST - 5_000, LAST)
    outage = LAST - 1_234
    Sample.objects.bulk_create(sample(slot, writable=9 if slot == outage else 10) for slot in slots)
    found = hour.stored(window)
    assert len(found) <= len(slots) // window.step + 2
    assert outage in [one.slot for one in found]
    assert [stripe.kind for stripe in hour.outages(found, window)] == ["outage"]
