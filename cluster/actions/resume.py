"""Let the last primary take writes again when nobody does: after a restart its lease is gone."""

from cluster.actions.observe import Nodes, observe
from cluster.actions.promote import Promotion, promote
from cluster.actions.switchover import Switchover, switchover
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName


def resume_primary(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion:
    """Promote the node that the newest promotion named; Main in a cluster that never had a primary.

    Raises Refused when a node takes writes already or the last primary does not answer, NoMajority.
    """
    view = observe(nodes)
    if view.primary is not None:
        raise Refused(f"{view.primary.name.label} takes writes already.")
    name = view.last_primary or NodeName.MAIN
    if error := view.error(name):
        raise Refused(f"{name.label} was the last primary and cannot resume: {error}")
    others = [node for node in nodes.values() if node.name is not name]
    return promote(nodes[name], others, reason=reason, lease_seconds=lease_seconds)


def resume_or_switch(
    nodes: Nodes, to: NodeName, *, reason: str, lease_seconds: float, timeout: float
) -> Switchover:
    """Make `to` the primary: from the present one, or, when nobody takes writes, by resuming it."""
    view = observe(nodes)
    if view.primary is None and view.last_primary in (None, to):
        done = resume_primary(nodes, reason=reason, lease_seconds=lease_seconds)
        return Switchover(None, to, done.epoch, None)
    return switchover(nodes, to, reason=reason, lease_seconds=lease_seconds, timeout=timeout)
