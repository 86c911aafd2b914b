"""Bring back followers that the replicator has not: it was away, or gave up on an error that is mended now."""

from cluster.actions.failover.recover import recover
from cluster.actions.replication.feed import may_join
from cluster.actions.steps.observe import Nodes, observe
from cluster.protocol.errors import ClusterError
from cluster.protocol.view import ClusterView, NodeState


def catch_up(nodes: Nodes, *, lease_seconds: float) -> list[str]:
    """Recover every node that is behind and may join; what came of each. Main comes back by its own verb."""
    view = observe(nodes)
    return [attempt(nodes, state, lease_seconds) for state in view.reachable if wants_recovery(view, state)]


def wants_recovery(view: ClusterView, state: NodeState) -> bool:
    """Return whether a follower answers, may join, and has not."""
    primary = view.primary
    if primary is None or state.name is primary.name:
        return False
    joined = state.led == primary.led and state.mode is state.name.following_mode
    return not joined and may_join(state, primary.led)


def attempt(nodes: Nodes, state: NodeState, lease_seconds: float) -> str:
    """Recover one node; its sentence, or why not."""
    try:
        done = recover(nodes, state.name, lease_seconds=lease_seconds, on_progress=lambda _: None)
    except ClusterError as error:
        return str(error)
    return f"{state.name.label}: {done.sentence}"
