"""The state of the cluster in one word, and what the monitor would do if the primary failed now. Pure, as decide is.

Badge, banner, dashboard, cluster_status and the metrics show these; nobody else works them out.
"""

from dataclasses import dataclass
from enum import StrEnum

from cluster.protocol.decide import Action, decide
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.monitor_state import MonitorState, Reachability
from cluster.protocol.names import NodeName
from cluster.protocol.policy import Policy
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView

SILENT = "assumed to have failed"


class Health(StrEnum):
    """How the cluster is, in a word."""

    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    """Main takes the writes, but no node could take over, or something waits for an operator."""
    FAILED_OVER = "Failed over"
    """Another node takes the writes in place of Main."""
    NO_PRIMARY = "No primary"
    UNKNOWN = "Unknown"
    """The newest view is too old to say."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What would follow if the primary failed now. successor: who would take over, None when nobody would.

    blockers: why nobody would, in sentences; empty when somebody would.
    """

    successor: NodeName | None
    blockers: str = ""


def health(view: ClusterView, policy: Policy, now: float, *, orphans: int = 0) -> Health:
    """Return the state. orphans: orphaned transactions that wait for a decision. now: seconds since 1970."""
    if view.primary is None:
        return Health.NO_PRIMARY
    if view.primary.name is not NodeName.MAIN:
        return Health.FAILED_OVER
    decision = decide(MonitorState(view, now), policy)
    is_calm = decision.action is Action.NOTHING and not decision.alarm
    ready = readiness(view, policy, now)
    return Health.HEALTHY if is_calm and ready and ready.successor and not orphans else Health.DEGRADED


def readiness(view: ClusterView, policy: Policy, now: float) -> Readiness | None:
    """Return what `decide` would say of a primary that fell silent now; None while there is no primary."""
    primary = view.primary
    if primary is None:
        return None
    name = primary.name
    without = ClusterView({**view.nodes, name: NodeUnreachable(name, SILENT)})
    decision = decide(
        MonitorState(
            without,
            now,
            failures={name: policy.threshold},
            since={name: now},
            reachability={state.name: Reachability.SILENT for state in without.reachable},
        ),
        policy,
    )
    if decision.action in (Action.FAIL_OVER, Action.RESUME):
        return Readiness(decision.target)
    cause = f"{name.label} unreachable since {format_utc(now)}."
    blockers = decision.sentence.removeprefix(cause).replace(f"{name.label}: {SILENT}.", "")
    return Readiness(None, " ".join(blockers.split()))
