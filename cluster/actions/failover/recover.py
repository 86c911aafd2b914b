"""Let a node that was away catch up with the primary: what it missed in, what nobody kept orphaned."""

from collections.abc import Callable
from dataclasses import dataclass

from cluster.actions.events import journal
from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import Nodes
from cluster.actions.steps.orphans import file_under_lease
from cluster.actions.steps.reconcile import Progress, ignore, reconcile
from cluster.actions.steps.rounds import note_round
from cluster.protocol.errors import Refused
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.sentences import FETCHING, LAST_AT, RECOVERED
from cluster.protocol.staleness import set_back
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView, NodeState

ProgressCallback = Callable[[str], None]
"""Takes a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery that is complete.

    replayed: transactions replayed since the node entered RECOVERING, over all runs. added: those of this
    run alone. orphaned: orphaned entries in this run.
    """

    node: NodeName
    source: NodeName
    replayed: int
    added: int
    orphaned: int

    @property
    def sentence(self) -> str:
        """What the operator reads at the end."""
        return RECOVERED.format(replayed=self.replayed, source=self.source.label)


def recover(
    nodes: Nodes,
    name: NodeName,
    *,
    lease_seconds: float,
    on_progress: ProgressCallback,
    progress: Progress = ignore,
) -> Recovery:
    """Recover one node from the primary while writes go on. May be cut off and repeated at any point.

    Raises Refused with the reason when there is nothing to recover or nobody to recover from.
    """
    with journal.attempt("recover") as attempt:
        done = bring_back(
            nodes, name, lease_seconds=lease_seconds, on_progress=on_progress, progress=progress
        )
        attempt.succeeded(
            f"{name.label} has recovered. {done.sentence}",
            old="behind",
            new="caught up",
            epoch=None,
            replayed_transactions=done.replayed,
            orphaned_entries=done.orphaned,
        )
    return done


def bring_back(
    nodes: Nodes, name: NodeName, *, lease_seconds: float, on_progress: ProgressCallback, progress: Progress
) -> Recovery:
    """Recover the node. Raises as `recover`."""
    view = observe_revived(nodes, lease_seconds)
    primary, state = check(view, name)
    on_progress(LAST_AT.format(node=name.label, at=format_utc(state.last_entry_at)))
    on_progress(FETCHING.format(source=primary.name.label))
    target, source = nodes[name], nodes[primary.name]
    source.note_follower(primary.promised)
    if state.mode.takes_writes or state.led < primary.led:
        target.follow(primary.promised)  # one that was promoted meanwhile refuses this, and stays open
        target.close_writes(Mode.RECOVERING, primary.promised)
    done = reconcile(target, source, primary.promised, progress)
    file_under_lease(nodes, target, source, primary.promised, lease_seconds)
    own = target.state()
    if own.unfit:
        on_progress(own.unfit)
    if name.following_mode is not Mode.RECOVERING:
        target.close_writes(name.following_mode, primary.promised)
    note_round(source, target, primary.promised)
    return Recovery(name, primary.name, own.replayed, done.transactions, done.orphaned)


def check(view: ClusterView, name: NodeName) -> tuple[NodeState, NodeState]:
    """Return the primary and the node to recover. Raises Refused.

    A primary whose lease has run out will do: perhaps it only lacks the consent of the node that recovers. So will
    one that was restarted, if it lacks a vote of this node, which proves nothing before.
    """
    if error := view.error(name):
        raise Refused(f"{name.label} cannot be recovered: {error}")
    primary, state = view.primary or view.lapsed or restarted(view, name), view.state(name)
    if primary is None or state is None:
        raise Refused(
            f"{name.label} cannot be recovered: no node takes writes now. "
            f"Promote Node A (promote_node_a) or switch over (switchover --to main) first. {view.missing()}"
        )
    if state.blank or state.withdrawn:
        raise Refused(
            f"{name.label} cannot be recovered: it is new, lost its data or is being rebuilt, so it may have "
            f"forgotten what it promised. Run rebuild_node {name} instead."
        )
    if primary.name is name:
        raise Refused(f"{name.label} takes the writes itself; there is nothing to recover.")
    return primary, state


def restarted(view: ClusterView, name: NodeName) -> NodeState | None:
    """Return the last primary, if it answers and a node with perhaps an older disk cannot vote for it."""
    older = set_back(view.reachable)
    last = view.last_primary
    return view.state(last) if last and last is not name and name in older and last not in older else None
