"""Keep the log short: archive the entries that every node has, that are old, and that a newer one supersedes.

What is archived on a node follows from its log and the bound alone, so that all nodes archive the same. The bound
lies at or below every node's commit watermark. Later comparisons begin above one that is no lower:
watermarks only rise, and the PROMOTION of an epoch names its node's. So nobody asks for an archived entry again; the
newest of each record stays, for a row that must go back to it.
"""

from dataclasses import dataclass

from cluster.actions.events import journal
from cluster.actions.steps.reconcile import Progress, ignore
from cluster.nodes.log import pruning
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

WINDOW = 2_000
"""Entries of one transaction: short enough for a writer to wait for."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was archived: entries on the node with the most, up to which log id, and how many entries are left."""

    archived: int
    upto: int
    kept: int

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        if not self.archived:
            return f"There is nothing to archive up to log id {self.upto:,}; {self.kept:,} entries are kept."
        return (
            f"Archived {self.archived:,} entries up to log id {self.upto:,} on each node; "
            f"{self.kept:,} are kept."
        )


def prune(
    nodes: dict[NodeName, MariaDBNode], view: ClusterView, *, days: int, progress: Progress = ignore
) -> Pruned:
    """Archive what is older than `days` on every node. May be interrupted and repeated.

    Raises Refused when a node is away or behind, NodeUnreachable and NodeFailed when one fails on the way.
    """
    with journal.attempt("prune") as attempt:
        primary, upto = bound(nodes, view, days)
        archived = [prune_node(nodes[state.name], state, upto, progress) for state in in_turn(view)]
        done = Pruned(max(archived), upto, kept(primary))
        attempt.succeeded(done.sentence, old="", new="", epoch=view.epoch, archived=done.archived, upto=upto)
    return done


def bound(nodes: dict[NodeName, MariaDBNode], view: ClusterView, days: int) -> tuple[MariaDBNode, int]:
    """Return the primary, and the log id at and below which entries may go. Raises Refused."""
    if days < 1:
        raise Refused("Entries of the last day are kept: a retry searches the log for its transaction.")
    primary = view.primary
    if primary is None:
        raise Refused(f"No node takes writes now; the log is pruned when all is well. {view.missing()}")
    for name in NodeName:
        check_member(view, name, primary)
    states = view.reachable
    low = min(state.pruned for state in states)
    high = min(state.watermark.log_id for state in states)
    source = nodes[primary.name]
    return source, pruning.last_older(source.connection, days * DAY, low, high)


def check_member(view: ClusterView, name: NodeName, primary: NodeState) -> None:
    """Refuse where a node may still need what would go."""
    state = view.state(name)
    if state is None:
        raise Refused(f"The log is pruned when all three nodes answer. {view.missing()}")
    if state.blank or state.withdrawn:
        raise Refused(f"{name.label} is new or being rebuilt; prune when rebuild_node {name} has ended.")
    if state.led != primary.led:
        verb = "recover_main" if name is NodeName.MAIN else f"recover_node {name}"
        raise Refused(f"{name.label} has not joined epoch {primary.led}; run {verb} first.")


def in_turn(view: ClusterView) -> list[NodeState]:
    """Return the followers, then the primary: if one of them fails, the primary still has all."""
    return sorted(view.reachable, key=lambda state: view.primary is state)


def prune_node(node: MariaDBNode, state: NodeState, upto: int, progress: Progress) -> int:
    """Archive on one node, a window after the other. The entries that went."""
    archived, end = 0, state.pruned
    while end < upto:
        end = pruning.window_end(node.connection, end, upto, WINDOW)
        archived += pruning.prune(node.connection, end)
        progress(WINDOW)
    return archived


def kept(primary: MariaDBNode) -> int:
    """Return how many entries the log holds now."""
    state = primary.state()
    return state.entries - state.pruned_entries
