"""What past drills came to: a board with the last result and the trend of each scenario, and two runs side by side."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

KEPT_PLAYS: Final = 40
"""Plays of a scenario that its trend shows."""
SHOWN_RUNS: Final = 50
WIDTH, HEIGHT = 160, 28
CLOSER: Final = 0.1
"""Seconds by which two gaps may differ and still be the same: a probe comes sooner or later."""

Play = Mapping[str, Any]
Key = tuple[str, bool]
"""A scenario's number, and whether it was played with the fast settings."""


@dataclass(frozen=True)
class Dot:
    """One play in a trend."""

    x: float
    y: float
    words: str
    passed: bool


@dataclass(frozen=True)
class Row:
    """A scenario under one setting. last: its newest play, None before the first. goal_y: where its goal stands."""

    number: str
    name: str
    fast: bool
    last: Play | None
    dots: tuple[Dot, ...]
    most: float
    goal_y: float | None

    @property
    def at(self) -> datetime | None:
        """When it was last played."""
        return moment(self.last["at"]) if self.last and "at" in self.last else None

    @property
    def late(self) -> bool:
        """Whether its last gap was longer than its goal."""
        goal = self.last.get("goal") if self.last else None
        return bool(self.last and goal is not None and self.last["gap"] > goal)


@dataclass(frozen=True)
class Run:
    """All plays that one start of the drill has led to."""

    began: int
    plays: tuple[Play, ...]

    @property
    def at(self) -> datetime:
        """When it began."""
        return moment(self.began)

    @property
    def failed(self) -> int:
        """How many plays went wrong."""
        return sum(not play["passed"] for play in self.plays)

    def __str__(self) -> str:
        wrong = f", {self.failed} failed" if self.failed else ""
        number = len(self.plays)
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC, {number} play{'' if number == 1 else 's'}{wrong}"


@dataclass(frozen=True)
class Pair:
    """A scenario in two runs: the longest gap of each, None where it was not played; plays that failed, writes lost."""

    number: str
    name: str
    fast: bool
    gaps: tuple[float | None, float | None]
    failed: tuple[int, int]
    lost: tuple[int, int]

    @property
    def difference(self) -> float | None:
        """By how much the gap has grown, seconds."""
        first, second = self.gaps
        return None if first is None or second is None else round(second - first, 2)

    @property
    def verdict(self) -> str:
        """What has become of it."""
        if None in self.gaps:
            return "played once"
        if self.failed[1] > self.failed[0] or self.lost[1] > self.lost[0] or (self.difference or 0) > CLOSER:
            return "worse"
        if self.failed[1] < self.failed[0] or self.lost[1] < self.lost[0] or (self.difference or 0) < -CLOSER:
            return "better"
        return "same"


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def plays(path: Path) -> list[Play]:
    """Return all plays, the oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(play: Play) -> Key:
    """Return what was played, and under which setting."""
    return play["number"], play["fast"]


def grouped(found: Iterable[Play]) -> dict[Key, list[Play]]:
    """Return the plays of each scenario and setting."""
    groups: dict[Key, list[Play]] = defaultdict(list)
    for play in found:
        groups[key(play)].append(play)
    return groups


def board(scenarios: Sequence[Mapping[str, str]], found: Sequence[Play]) -> list[Row]:
    """Return every scenario, played or not, in the order of their numbers."""
    groups = grouped(found)
    names = {(one["number"], False): one["name"] for one in scenarios}
    names |= {which: names.get((which[0], False)) or str(done[-1]["name"]) for which, done in groups.items()}
    return [row(which, name, groups.get(which, [])[-KEPT_PLAYS:]) for which, name in sorted(names.items())]


def row(which: Key, name: str, done: Sequence[Play]) -> Row:
    """Return one scenario with its trend."""
    last = done[-1] if done else None
    goal = last.get("goal") if last else None
    most = max([goal or 0.0, 0.1, *(play["gap"] for play in done)])
    step = (WIDTH - 12) / max(len(done) - 1, 1)

    def height(seconds: float) -> float:
        return round(HEIGHT - 5 - (HEIGHT - 10) * seconds / most, 1)

    dots = tuple(
        Dot(round(6 + step * place, 1), height(play["gap"]), words(play), play["passed"])
        for place, play in enumerate(done)
    )
    return Row(which[0], name, which[1], last, dots, most, None if goal is None else height(goal))


def words(play: Play) -> str:
    """Describe a play."""
    passed = "passed" if play["passed"] else "failed"
    return f"gap {play['gap']} s, {play['lost']} of {play['acknowledged']} lost, {passed}"


def runs(found: Iterable[Play]) -> list[Run]:
    """Return the runs, the newest first; plays that name none belong to none."""
    groups: dict[int, list[Play]] = defaultdict(list)
    for play in found:
        if play.get("run"):
            groups[play["run"]].append(play)
    ordered = sorted(groups.items(), reverse=True)
    return [Run(began, tuple(done)) for began, done in ordered[:SHOWN_RUNS]]


def compared(first: Run, second: Run) -> list[Pair]:
    """Return what both or either have played, what became worse first."""
    one, other = grouped(first.plays), grouped(second.plays)
    pairs = [
        pair(which, one.get(which, []), other.get(which, [])) for which in sorted(one.keys() | other.keys())
    ]
    return sorted(pairs, key=lambda found: ("worse", "better", "same", "played once").index(found.verdict))


def pair(which: Key, one: Sequence[Play], other: Sequence[Play]) -> Pair:
    """Return one scenario in two runs."""
    return Pair(
        which[0],
        [*one, *other][-1]["name"],
        which[1],
        (longest(one), longest(other)),
        (failures(one), failures(other)),
        (sum(play["lost"] for play in one), sum(play["lost"] for play in other)),
    )


def longest(done: Sequence[Play]) -> float | None:
    """Return the longest gap of some plays."""
    return max((play["gap"] for play in done), default=None)


def failures(done: Sequence[Play]) -> int:
    """Return how many plays went wrong."""
    return sum(not play["passed"] for play in done)
