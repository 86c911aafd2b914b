"""Find a short part of a history that still fails, by playing parts of it again."""

from collections.abc import Callable, Sequence
from time import monotonic

Fails = Callable[[Sequence[int]], bool]
"""Plays the steps with these numbers; whether something was wrong."""


def shrink(steps: int, fails: Fails, seconds: float) -> list[int]:
    """Leave out ever smaller parts while the rest fails, for at most so many seconds (Zeller's delta debugging)."""
    kept, parts, until = list(range(steps)), 2, monotonic() + seconds
    while len(kept) > 1 and monotonic() < until:
        size = -(-len(kept) // parts)
        pieces = [kept[start : start + size] for start in range(0, len(kept), size)]
        rests = (
            [step for other in pieces if other is not piece for step in other]
            for piece in pieces
            if monotonic() < until
        )
        shorter = next((rest for rest in rests if fails(rest)), None)
        if shorter is not None:
            kept, parts = shorter, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(parts * 2, len(kept))
    return kept
