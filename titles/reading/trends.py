"""The votes of one title over time, out of its changes: a stepped line for an SVG, in units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

WIDTH, HEIGHT, EDGE = 480, 80, 6


@dataclass(frozen=True)
class Step:
    """The votes from a change on."""

    x: float
    y: float
    at: datetime
    votes: int


@dataclass(frozen=True)
class Trend:
    """What a template draws."""

    steps: tuple[Step, ...]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def points(self) -> str:
        """The line: flat until the next change, then up or down."""
        corners = [f"{self.steps[0].x:g},{self.steps[0].y:g}"]
        for before, after in pairwise(self.steps):
            corners += [f"{after.x:g},{before.y:g}", f"{after.x:g},{after.y:g}"]
        return " ".join(corners)

    @property
    def grown(self) -> int:
        """By how much they have grown, in words of numbers."""
        return self.steps[-1].votes - self.steps[0].votes


def votes(known: Sequence[tuple[datetime, int]]) -> Trend | None:
    """Return the trend of votes, each from a moment on, the oldest first; None where they have not changed."""
    if len({number for _, number in known}) < 2:
        return None
    began, ended = known[0][0], known[-1][0]
    span = max((ended - began).total_seconds(), 0.001)
    low, high = min(number for _, number in known), max(number for _, number in known)

    def step(at: datetime, number: int) -> Step:
        x = EDGE + (WIDTH - 2 * EDGE) * (at - began).total_seconds() / span
        y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (number - low) / max(high - low, 1)
        return Step(round(x, 1), round(y, 1), at, number)

    return Trend(tuple(step(at, number) for at, number in known))
