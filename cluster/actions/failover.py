"""Put Node A in the place of a Main that failed."""

from cluster.actions.observe import Nodes, observe
from cluster.actions.promote import Promotion, promote
from cluster.protocol.errors import Refused
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.view import ClusterView

ALREADY = "Node A is already in ACTING_MASTER mode."
DONE = "Node A promoted to ACTING_MASTER successfully. Node A can now accept write operations."


def promote_node_a(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion | None:
    """Make Node A the primary because Main takes no writes. None when it is the primary already.

    Raises Refused (Main is healthy, no majority, Node A does not answer), NoMajority, StaleEpoch.
    """
    view = observe(nodes)
    primary = view.primary
    if primary is not None and primary.name is NodeName.NODE_A:
        return None
    check(view)
    others = [node for node in nodes.values() if node.name is not NodeName.NODE_A]
    return promote(
        nodes[NodeName.NODE_A],
        others,
        reason=reason,
        lease_seconds=lease_seconds,
        excused_epoch=epoch_without_lease(view),
    )


def check(view: ClusterView) -> None:
    """Refuse a promotion that is not needed or cannot succeed, with the reason."""
    if view.primary is not None:
        raise Refused(
            f"{view.primary.name.label} is healthy and takes the writes. To hand over in good order "
            "use switchover --to node_a."
        )
    if error := view.error(NodeName.NODE_A):
        raise Refused(f"Node A cannot be promoted: {error}")
    if not view.quorum:
        raise Refused(
            f"Node A cannot be promoted: only {len(view.reachable)} of 3 nodes answer and {MAJORITY} must "
            f"agree. {view.missing()} Start one of them, then try again."
        )


def epoch_without_lease(view: ClusterView) -> int | None:
    """The newest epoch when the process of its primary is gone: its lease died with it.

    Only a refused connection proves that. A silent primary may still hold its lease, and one that answers
    is claimed in the same attempt.
    """
    error = view.error(view.last_primary) if view.last_primary else None
    return view.epoch if error and error.gone else None
