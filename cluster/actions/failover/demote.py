"""Hand the writes back from Node A to a Main that has recovered."""

from cluster.actions.failover.switchover import Switchover, switchover
from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import Nodes
from cluster.protocol.names import NodeName


def demote_node_a(nodes: Nodes, *, reason: str, lease_seconds: float, timeout: float) -> Switchover | None:
    """Make Main the primary again. None when Node A does not act. Raises as `switchover`."""
    primary = observe_revived(nodes, lease_seconds).primary
    if primary is not None and primary.name is NodeName.MAIN:
        return None
    return switchover(nodes, NodeName.MAIN, reason=reason, lease_seconds=lease_seconds, timeout=timeout)
