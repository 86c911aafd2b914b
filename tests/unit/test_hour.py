"""The plots of the last while: holes, spikes, rates, and legends tell the truth."""

from datetime import datetime
from typing import Any

import pytest

from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Event, Sample
from cluster.protocol.names import NodeName
from cluster.views import hour, plots
from cluster.views.window import LEFT, LONGEST, SHORTEST, Window, chosen

NOW = 1_800_000_000.0
WINDOW = Window(NOW)
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


def rates(*found: Sample) -> plots.Plot:
    """Return the plot of the write rate."""
    return plots.plots(found, WINDOW)[1]


def test_a_rate_over_a_hole_is_divided_by_all_of_it():
    plot = rates(sample(LAST - 200, entries=100), sample(LAST, entries=100 + 200 * SLOT * 32))
    assert (plot.most, plot.lines[0].last) == ("32.0", "32.0")


def test_a_line_and_a_strip_break_at_a_hole():
    found = [sample(LAST - 100), sample(LAST - 99), sample(LAST - 1), sample(LAST)]
    assert len(plots.plots(found, WINDOW)[0].lines[0].points) == 2
    stripes = hour.strips(found, WINDOW)[0].stripes
    assert len(stripes) == 2
    assert stripes[0].x + stripes[0].width < stripes[1].x


def test_a_node_that_does_not_answer_has_no_last_value():
    plot = plots.plots([sample(LAST - 1, lag=5), sample(LAST, lag=None)], WINDOW)[0]
    assert plot.lines[0].last == "no data"


def test_a_spike_does_not_flatten_the_rest():
    found = [sample(LAST - 100 + number, lag=10) for number in range(100)] + [sample(LAST, lag=58_000)]
    plot = plots.plots(found, WINDOW)[0]
    assert (plot.most, plot.peak) == ("15", "58,000")
    heights = [float(point.split(",")[1]) for point in plot.lines[0].points[0].split()]
    assert min(heights) >= plot.y


def test_strips_and_plots_share_the_axis():
    found = [sample(LAST - 1), sample(LAST)]
    assert hour.strips(found, WINDOW)[0].stripes[0].x == WINDOW.x((LAST - 1) * SLOT)
    assert plots.plots(found, WINDOW)[0].lines[0].points[0].startswith(f"{WINDOW.x((LAST - 1) * SLOT)},")


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
    slot = int(datetime.fromisoformat(moments["last_write_at"]).timestamp() // hour.SLOT)
    assert hour.outages([sample(slot, writable=9)], WINDOW) == [
        exact
    ]  # what is known exactly stands for its probes


@pytest.mark.django_db(databases=["control"])
def test_of_a_long_time_some_samples_are_drawn_and_every_outage():
    window = Window(NOW, 604_800)
    slots = range(LAST - 5_000, LAST)
    outage = LAST - 1_234
    Sample.objects.bulk_create(sample(slot, writable=9 if slot == outage else 10) for slot in slots)
    found = hour.stored(window)
    assert len(found) <= len(slots) // window.step + 2
    assert outage in [one.slot for one in found]
    assert [stripe.kind for stripe in hour.outages(found, window)] == ["outage"]


def test_latencies_are_those_between_two_samples():
    found = [sample(LAST - 2), sample(LAST - 1), sample(LAST)]
    for one, counted in zip(found, ([9], [9, 4], [9, 4]), strict=True):
        one.facts["writes"] = {"acknowledged": sum(counted), "refused": 0, "unknown": 0, "latencies": counted}
    plot = plots.plots(found, WINDOW)[2]
    assert [len(line.points) for line in plot.lines] == [1, 1]
    assert [line.last for line in plot.lines] == ["no data", "no data"], "nothing was written since"
    assert plots.plots(found[:2], WINDOW)[2].lines[0].last == "0.6"


def test_an_address_says_what_is_shown():
    assert chosen({}).query == "seconds=3600"
    assert chosen({"seconds": "900"}).query == "seconds=900"
    assert chosen({"seconds": "901"}).seconds == 3600
    now = chosen({}).now
    began = int(now) - 1000
    zoomed = chosen({"from": f"{began}", "to": f"{began + 400}"})
    assert (zoomed.began, zoomed.seconds, zoomed.fixed) == (began, 400, True)
    assert chosen({"from": f"{began}", "to": f"{began + 2}"}).seconds == SHORTEST
    assert chosen({"from": "0", "to": f"{began}"}).seconds == LONGEST
    assert chosen({"from": f"{began}", "to": f"{int(now) + 9_000}"}).now <= chosen({}).now, (
        "the future has no samples"
    )
    assert not chosen({"from": "9" * 400, "to": "x"}).fixed


def test_the_axis_has_few_and_round_times():
    for seconds in (60, 400, 900, 3_600, 86_400, 604_800):
        ticks = Window(NOW, seconds).ticks
        assert 1 <= len(ticks) <= 8
        assert len({text for _, text in ticks}) == len(ticks)


@pytest.mark.django_db(databases=["control"])
def test_an_outage_is_cut_off_where_the_window_ends():
    long = [sample(slot, writable=0) for slot in range(LAST - 20, LAST)]
    inside = Window((LAST - 5) * SLOT, 60)
    (first, *_, last) = hour.outages(long, inside)
    assert first.x == LEFT
    assert last.x + last.width <= inside.x(inside.now) + 2
