"""What a watcher knows at one moment: the view, what it remembers of earlier looks, and how others see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView


class Sight(StrEnum):
    """How one node sees another from its own server."""

    REACHED = "reached"
    """It committed a heartbeat there."""
    GONE = "gone"
    """Nobody listens at its address: the process has ended, and its lease with it."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The basis of a decision.

    failures, answers: probes in a row that each node failed or answered. since: when the present row of
    failures began, seconds since 1970. sights: how the other nodes that answer see the last primary, when it
    does not answer the watcher. now: seconds since 1970.
    """

    view: ClusterView
    now: float
    failures: Mapping[NodeName, int] = field(default_factory=dict)
    answers: Mapping[NodeName, int] = field(default_factory=dict)
    since: Mapping[NodeName, float] = field(default_factory=dict)
    sights: Mapping[NodeName, Sight] = field(default_factory=dict)

    @property
    def reached_by(self) -> list[NodeName]:
        """The nodes that reach the last primary although the watcher does not."""
        return [name for name, sight in self.sights.items() if sight is Sight.REACHED]

    @property
    def is_gone(self) -> bool:
        """Whether the last primary refuses connections from everywhere, which proves that its lease is dead."""
        return is_gone(self.view, self.sights)

    @property
    def missed_since(self) -> float | None:
        """When the last primary was first missed, seconds since 1970; None while it answers."""
        last = self.view.last_primary
        return self.since.get(last) if last else None

    @property
    def may_hold_lease(self) -> bool:
        """Whether a primary that is not seen may still take writes: somebody's consent to it runs."""
        return any(state.consent_seconds > 0 for state in self.view.reachable)


def is_gone(view: ClusterView, sights: Mapping[NodeName, Sight]) -> bool:
    """Whether the last primary refuses connections from the watcher and from every node that looked."""
    error = view.error(view.last_primary) if view.last_primary else None
    return bool(error and error.gone and sights) and set(sights.values()) == {Sight.GONE}
