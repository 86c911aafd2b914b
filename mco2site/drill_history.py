"""The gaps of past drills beside their goals: dots for an SVG, in units of the drawing."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

KEPT_PLAYS: Final = 40
WIDTH, HEIGHT, LEFT = 420, 90, 40


@dataclass(frozen=True)
class Dot:
    """One play in a plot."""

    x: float
    y: float
    words: str
    right: bool


@dataclass(frozen=True)
class Past:
    """The plays of one scenario under one setting. goal: seconds, where one was set, and where its line stands."""

    title: str
    dots: tuple[Dot, ...]
    most: float
    lost: int
    goal: float | None
    goal_y: float | None


def past(path: Path) -> list[Past]:
    """Return what the history tells."""
    groups: dict[tuple[str, bool], list[dict[str, object]]] = defaultdict(list)
    if path.exists():
        for line in path.read_text().splitlines():
            play = json.loads(line)
            groups[play["number"], play["fast"]].append(play)
    return [past_of(number, fast, plays[-KEPT_PLAYS:]) for (number, fast), plays in sorted(groups.items())]


def past_of(number: str, fast: bool, plays: Sequence[dict[str, Any]]) -> Past:
    """Plot one scenario."""
    goal = plays[-1].get("goal")
    most = max([goal or 0.0, 0.1, *(play["gap"] for play in plays)])
    step = (WIDTH - LEFT - 10) / max(len(plays) - 1, 1)

    def height(seconds: float) -> float:
        return round(HEIGHT - 10 - (HEIGHT - 24) * seconds / most, 1)

    dots = tuple(
        Dot(round(LEFT + step * place, 1), height(play["gap"]), words(play), play["passed"])
        for place, play in enumerate(plays)
    )
    title = f"{number} {plays[-1]['name']}{', fast settings' if fast else ''}"
    return Past(
        title, dots, most, sum(p["lost"] for p in plays), goal, None if goal is None else height(goal)
    )


def words(play: dict[str, Any]) -> str:
    """Describe a play."""
    right = "right" if play["passed"] else "wrong"
    return f"gap {play['gap']} s, {play['lost']} of {play['acknowledged']} lost, {right}"
