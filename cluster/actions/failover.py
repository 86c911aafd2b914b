"""Give the writes to a node while nobody takes them: the primary failed, or lost its lease in a restart."""

from cluster.actions.observe import Nodes, observe
from cluster.actions.promote import Promotion, promote
from cluster.protocol.errors import Refused
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.view import ClusterView

ALREADY = "Node A is already in ACTING_MASTER mode."
DONE = "Node A promoted to ACTING_MASTER successfully. Node A can now accept write operations."


def promote_node_a(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion | None:
    """Make Node A the primary because Main takes no writes. None when it is the primary already.

    Raises as `fail_over`.
    """
    view = observe(nodes)
    if view.primary is not None and view.primary.name is NodeName.NODE_A:
        return None
    return fail_over(nodes, view, NodeName.NODE_A, reason=reason, lease_seconds=lease_seconds)


def resume_primary(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion:
    """Let the last primary take writes again; Main in a cluster that never had one. Raises as `fail_over`."""
    view = observe(nodes)
    name = view.last_primary or NodeName.MAIN
    return fail_over(nodes, view, name, reason=reason, lease_seconds=lease_seconds)


def fail_over(
    nodes: Nodes, view: ClusterView, to: NodeName, *, reason: str, lease_seconds: float
) -> Promotion:
    """Promote `to` while nobody takes writes.

    Raises Refused (a node takes writes, `to` does not answer, no majority), NoMajority, StaleEpoch.
    """
    check(view, to)
    others = [node for node in nodes.values() if node.name is not to]
    return promote(
        nodes[to],
        others,
        reason=reason,
        lease_seconds=lease_seconds,
        excused_epoch=epoch_without_lease(view),
    )


def check(view: ClusterView, to: NodeName) -> None:
    """Refuse a promotion that is not needed or cannot succeed, with the reason."""
    if view.primary is not None:
        raise Refused(
            f"{view.primary.name.label} is healthy and takes the writes. To hand over in good order "
            f"use switchover --to {to}."
        )
    if error := view.error(to):
        raise Refused(f"{to.label} cannot be promoted: {error}")
    if not view.quorum:
        raise Refused(
            f"{to.label} cannot be promoted: only {len(view.reachable)} of 3 nodes answer and {MAJORITY} "
            f"must agree. {view.missing()} Start one of them, then try again."
        )


def epoch_without_lease(view: ClusterView) -> int | None:
    """The newest epoch when the process of its primary is gone: its lease died with it.

    Only a refused connection proves that. A silent primary may still hold its lease, and one that answers
    is claimed in the same attempt.
    """
    error = view.error(view.last_primary) if view.last_primary else None
    return view.epoch if error and error.gone else None
