"""What a scenario is, and the list of all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.drill.stage import Stage

Play = Callable[["Stage"], None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. `play` brings it about and asserts what only this fault is about; it may leave it in place.

    right: what must be so, in a sentence. monitors, replicators, writers: how many are at work; celery: how
    many pairs of a worker and a beat. policy: CLUSTER_* settings other than the default. variables:
    environment of its processes.
    """

    number: str
    name: str
    right: str
    play: Play
    monitors: int = 1
    replicators: int = 1
    writers: int = 8
    celery: int = 0
    policy: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


SCENARIOS: dict[str, Scenario] = {}
"""All scenarios by number."""


def scenario(
    number: str,
    name: str,
    right: str,
    *,
    monitors: int = 1,
    replicators: int = 1,
    writers: int = 8,
    celery: int = 0,
    policy: Mapping[str, object] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Callable[[Play], Play]:
    """Put a function on the list; the parameters are those of Scenario."""

    def add(play: Play) -> Play:
        made = Scenario(
            number, name, right, play, monitors, replicators, writers, celery, policy or {}, variables or {}
        )
        if SCENARIOS.setdefault(number, made) is not made:
            raise ValueError(f"There are two scenarios {number}.")
        return play

    return add
