"""What a watcher knows at one moment: the view, what it remembers of earlier rounds, and how others see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView


class Reachability(StrEnum):
    """How one node sees another from its own server."""

    REACHED = "reached"
    """It committed a heartbeat there."""
    GONE = "gone"
    """It takes no new connection. Those that are open may live, so this alone does not prove that its process ended."""
    FULL = "full"
    """It answers that it has no free connection: it lives, and serves who is connected."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class MonitorState:
    """The basis of a decision.

    failures, answers: probes in a row that each node failed or answered. since: when the present row of
    failures began, seconds since 1970. reachability: how the other nodes that answer see the last primary, when it
    does not answer the watcher. now: seconds since 1970.
    """

    view: ClusterView
    now: float
    failures: Mapping[NodeName, int] = field(default_factory=dict)
    answers: Mapping[NodeName, int] = field(default_factory=dict)
    since: Mapping[NodeName, float] = field(default_factory=dict)
    reachability: Mapping[NodeName, Reachability] = field(default_factory=dict)

    @property
    def reached_by(self) -> list[NodeName]:
        """The nodes that reach the last primary although the watcher does not."""
        return [
            name for name, reachability in self.reachability.items() if reachability is Reachability.REACHED
        ]

    @property
    def is_full(self) -> bool:
        """Whether the last primary answers the watcher, or a node that probed it, that it has no free connection."""
        last = self.view.last_primary
        error = self.view.error(last) if last else None
        return (error is not None and error.full) or Reachability.FULL in self.reachability.values()

    @property
    def is_gone(self) -> bool:
        """Whether the process of the last primary has certainly ended, and its lease with it."""
        return is_gone(self.view, self.reachability)

    @property
    def is_refused(self) -> bool:
        """Whether the last primary takes no new connection, neither from the watcher nor from the other nodes."""
        return is_refused(self.view, self.reachability)

    @property
    def missed_since(self) -> float | None:
        """When the last primary was first missed, seconds since 1970; None while it answers."""
        last = self.view.last_primary
        return self.since.get(last) if last else None

    @property
    def missed_for(self) -> float:
        """Seconds since the last primary was first missed."""
        return 0.0 if self.missed_since is None else self.now - self.missed_since

    @property
    def may_hold_lease(self) -> bool:
        """Whether a primary that is not seen may still take writes: somebody's consent to it runs."""
        return any(state.consent_seconds > 0 for state in self.view.reachable)


def is_refused(view: ClusterView, reachability: Mapping[NodeName, Reachability]) -> bool:
    """Return whether the last primary refuses connections from the watcher and from every node that probed it."""
    error = view.error(view.last_primary) if view.last_primary else None
    return bool(error and error.gone and reachability) and set(reachability.values()) == {Reachability.GONE}


def is_gone(view: ClusterView, reachability: Mapping[NodeName, Reachability]) -> bool:
    """Return whether the process that held the last primary's lease has certainly ended. Invariant (b).

    A refusal alone is no proof: a listener may close, or a firewall reset new connections, while clients that are
    connected go on writing. An open connection that ended together with the refusal is one, for the lease that the
    process held then: one that was started later may hold that of a later epoch.
    """
    error = view.error(view.last_primary) if view.last_primary else None
    ended = error.ended if error else None
    return is_refused(view, reachability) and ended is not None and ended >= view.epoch
