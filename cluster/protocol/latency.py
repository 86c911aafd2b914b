"""Latencies counted in buckets: what many processes have counted adds up, and quantiles can be read from the sum."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, zip_longest
from typing import Final

BOUNDS: Final = tuple(0.0005 * (1 << power) * part for power in range(15) for part in (1.0, 1.5))
"""Upper ends of the buckets, 0.5 ms to 12 s, each a half or a third above the one before; beyond the last is one more.

Counts that are stored name no bounds: whoever changes these has to drop what was counted before.
"""


def bucket(seconds: float) -> int:
    """Return the number of the bucket that a latency falls into."""
    return bisect_left(BOUNDS, seconds)


def total(counts: Iterable[Sequence[int]]) -> list[int]:
    """Add counts, bucket by bucket."""
    return [sum(numbers) for numbers in zip_longest(*counts, fillvalue=0)]


def since(later: Sequence[int], earlier: Sequence[int]) -> list[int]:
    """Return what was counted between two moments; all of the later counts where counting began anew."""
    grown = [new - old for new, old in zip_longest(later, earlier, fillvalue=0)]
    return list(later) if any(number < 0 for number in grown) else grown


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return the seconds within which this share ended, taken to be spread evenly in a bucket; None of nothing.

    Of what lies beyond the last bound it is only known that it does: then that bound.
    """
    reached = list(accumulate(counts))
    if not reached or not reached[-1]:
        return None
    wanted = share * reached[-1]
    number = next(place for place, up_to in enumerate(reached) if up_to >= wanted and counts[place])
    if number >= len(BOUNDS):
        return BOUNDS[-1]
    low = BOUNDS[number - 1] if number else 0.0
    return low + (BOUNDS[number] - low) * (wanted - (reached[number] - counts[number])) / counts[number]
