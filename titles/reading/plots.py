"""Bars for an SVG: where each stands, in the units of the drawing. No library, no script."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 960, 220
LEFT, RIGHT, BOTTOM, TOP = 56, 12, 24, 12
GAP = 0.18
"""Of a bar's room."""


@dataclass(frozen=True)
class Bar:
    """One bar: its place, its value, what it is called. `tick`: the name is written below it."""

    x: float
    y: float
    width: float
    height: float
    name: str
    value: int
    tick: bool

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True)
class Line:
    """A line across the drawing at a round value."""

    y: float
    value: int


@dataclass(frozen=True)
class Plot:
    """What a template draws."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def plot(values: Mapping[Any, int], tick: Callable[[Any], bool]) -> Plot:
    """Draw bars for the values in their order; the names that `tick` chooses are written."""
    most = max(values.values(), default=0)
    if not most:
        return Plot((), ())
    room = (WIDTH - LEFT - RIGHT) / len(values)
    bars = (
        _bar(LEFT + place * room, room, str(name), value, _height(value, most), tick(name))
        for place, (name, value) in enumerate(values.items())
    )
    lines = (Line(round(HEIGHT - BOTTOM - _height(value, most), 2), value) for value in _round_values(most))
    return Plot(tuple(bars), tuple(lines))


def _bar(x: float, room: float, name: str, value: int, height: float, tick: bool) -> Bar:
    return Bar(
        round(x + room * GAP / 2, 2),
        round(HEIGHT - BOTTOM - height, 2),
        round(room * (1 - GAP), 2),
        round(height, 2),
        name,
        value,
        tick,
    )


def _height(value: int, most: int) -> float:
    return value / most * (HEIGHT - BOTTOM - TOP)


def _round_values(most: int) -> list[int]:
    """Return two to five round numbers up to the largest."""
    step = 10 ** (len(str(most)) - 1)
    if most // step < 2:
        step //= 5
    elif most // step >= 5:
        step *= 2
    step = max(step, 1)
    return list(range(step, most + 1, step))
