"""What became of writes: since ever, and of late as far as samples reach back."""

import time

import pytest

from cluster.actions.reports.writes import Writes, counted, of_facts, within
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Sample, WriteCounter

pytestmark = pytest.mark.django_db(databases=["control"])


def test_the_last_while_is_what_was_counted_since_its_first_sample():
    now = time.time()
    kept = {"acknowledged": 100, "refused": 1, "unknown": 0, "latencies": [100]}
    for age, facts in (
        (3_600, {"nodes": {}}),
        (250, {"writes": kept}),
        (100, {"writes": kept | {"refused": 2}}),
    ):
        Sample.objects.create(slot=int((now - age) // SLOT), rounds=1, writable=1, facts=facts)
    for process, latencies in (("one", [100, 5]), ("two", [])):
        WriteCounter.objects.create(
            process=process,
            acknowledged=sum(latencies),
            refused=1,
            seen_at="2027-01-01T00:00:00Z",
            latencies=latencies,
        )
    found = counted()
    assert within(found, now, 300) == Writes(5, 1, 0, (0, 5))
    assert within(found, now, 120) == Writes(5, 0, 0, (0, 5))
    assert within(found, now, 10) is None
    assert of_facts({"writes": found.facts()}) == Writes(105, 2, 0, (100, 5))


def test_counting_that_began_anew_is_taken_whole():
    assert Writes(3, 0, 0, (3,)).since(Writes(100, 2, 0, (100,))) == Writes(3, 0, 0, (3,))
