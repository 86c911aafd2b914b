"""Latencies in buckets: added, subtracted, and read as quantiles."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.protocol.latency import BOUNDS, bucket, quantile, since, total


def counts(*seconds: float) -> list[int]:
    """Return what a process has counted."""
    made = [0] * (len(BOUNDS) + 1)
    for one in seconds:
        made[bucket(one)] += 1
    return made


@given(st.lists(st.floats(0.0001, 11.0), min_size=1), st.sampled_from([0.5, 0.99]))
def test_a_quantile_lies_in_the_bucket_of_the_exact_one(seconds, share):
    ordered = sorted(seconds)
    exact = next(one for place, one in enumerate(ordered, 1) if place >= share * len(ordered))
    found = quantile(counts(*seconds), share)
    assert found is not None
    number = bucket(exact)
    assert (BOUNDS[number - 1] if number else 0.0) <= found <= BOUNDS[number]


def test_nothing_has_no_quantile_and_what_took_too_long_the_last_bound():
    assert quantile([], 0.5) is None
    assert quantile(counts(), 0.5) is None
    assert quantile(counts(100.0), 0.5) == BOUNDS[-1]


def test_counts_of_processes_add_up_and_two_moments_tell_what_was_between():
    earlier = total([counts(0.001), counts(0.002, 8.0), []])
    assert since(total([earlier, counts(0.004)]), earlier) == counts(0.004)
    assert since(counts(0.004), earlier) == counts(0.004), "counting began anew"
