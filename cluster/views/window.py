"""The time that the history shows: up to now, or a part of the past that somebody has zoomed into."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cluster.models import SLOT_SECONDS as SLOT

WIDTH: Final = 720
LEFT: Final = 64
ROW, PLOT, GAP = 14, 34, 11
"""Heights of a strip and of a plot, and what lies between them."""
HOLE: Final = 3
"""Slots without a sample after which a line breaks."""
SECONDS: Final = 3600
DAY: Final = 86_400
RANGES: Final = {900: "15 min", 3600: "1 h", 86_400: "24 h", 604_800: "7 d"}
"""Seconds that a page shows, and what the button is called."""
LONGEST, SHORTEST = max(RANGES), 60
"""Seconds: samples are kept no longer, and a shorter time has too few of them for a line."""
POINTS: Final = 480
"""Samples that a plot shows at most: of a longer time every second, third ... is taken."""
STEPS: Final = (10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, DAY)
"""Seconds between two times on the axis."""
TICKS: Final = 7
HALF_TICK: Final = 24
"""Half the width of a time: nearer to the right end it would be cut off."""


@dataclass(frozen=True)
class Window:
    """The time that is shown, up to `now` (seconds since 1970). fixed: whether it stays where it is."""

    now: float
    seconds: int = SECONDS
    fixed: bool = False

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
        every = next(step for step in STEPS if step >= self.seconds / TICKS)
        form = "%d %b" if every >= DAY else "%H:%M" if every >= 60 else "%H:%M:%S"
        first = (self.began // every + 1) * every
        places = [(self.x(at), at) for at in (first + every * number for number in range(TICKS))]
        return [
            (x, datetime.fromtimestamp(at, UTC).strftime(form)) for x, at in places if x <= WIDTH - HALF_TICK
        ]

    @property
    def query(self) -> str:
        """What an address says to show it."""
        return between(self.began, self.now) if self.fixed else f"seconds={self.seconds}"

    @property
    def ends(self) -> tuple[datetime, datetime]:
        """Its first and its last moment."""
        return datetime.fromtimestamp(self.began, UTC), datetime.fromtimestamp(self.now, UTC)

    @property
    def moves(self) -> list[tuple[str, str, str]]:
        """Other windows near it: what they are called, their mark, what an address says to show them."""
        half, third = self.seconds / 2, self.seconds / 3
        return [
            ("Earlier", "←", between(self.began - half, self.now - half)),
            ("Later", "→", between(self.began + half, self.now + half)),
            ("Zoom in", "+", between(self.began + third, self.now - third)),
            ("Zoom out", "−", between(self.began - self.seconds, self.now + self.seconds)),  # noqa: RUF001
        ]


def between(began: float, ended: float) -> str:
    """Return what an address says to show the time between two moments."""
    return f"from={began:.0f}&to={ended:.0f}"


def chosen(asked: Mapping[str, str]) -> Window:
    """Return the window that an address asks for: between two moments, or up to now."""
    now = time.time()
    began, ended = moment(asked.get("from")), moment(asked.get("to"))
    if began is not None and ended is not None and began < ended:
        seconds = min(max(round(ended - began), SHORTEST), LONGEST)
        return Window(min(max(ended, now - LONGEST + seconds, began + seconds), now), seconds, fixed=True)
    wanted = moment(asked.get("seconds"))
    return Window(now, int(wanted) if wanted in RANGES else SECONDS)


def moment(text: str | None) -> float | None:
    """Return a number of seconds as an address has it; None where it has none."""
    return float(text) if text and len(text) <= 12 and text.isdecimal() and text.isascii() else None
