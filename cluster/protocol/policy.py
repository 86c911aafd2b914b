"""What the operators decided: when the watch may act by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Automation:
    """Whether the watch may act, as an operator last decided. Kept by a majority; the highest version counts.

    by, at: who decided and when, for people.
    """

    version: int = 0
    paused: bool = False
    by: str = ""
    at: str = ""


UNDECIDED = Automation()
"""Nobody has paused anything yet."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of the watch.

    threshold: failed probes in a row after which a node counts as failed. cooldown: seconds between two
    automatic failovers. automatic: whether it fails over at all. failback: whether it hands the writes back to
    a Main that has recovered.
    """

    threshold: int = 2
    cooldown: float = 60.0
    automatic: bool = True
    failback: bool = False
