"""Promote a node without a majority, because an operator vouches for the others: what that risks, and the deed."""

from cluster.actions.events import journal
from cluster.actions.failover.promote import Promotion, promote
from cluster.actions.steps.observe import Nodes
from cluster.protocol.errors import Refused
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.staleness import set_back
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView, NodeState

UNCONFIRMED = (
    "No write is confirmed by a second node until one is back: with CLUSTER_DURABILITY=quorum every "
    "writer is risked so (45003). Set it to local and run setup_nodes to let writers go on."
)


def risks(view: ClusterView, to: NodeName) -> list[str]:
    """Return what may be lost or orphaned, one sentence each. Raises Refused when force is needless or useless."""
    state = check(view, to)
    away = [name for name in to.others if view.state(name) is None]
    vote = "with its own vote alone" if len(away) == len(to.others) else "by a vote that proves nothing"
    unproved = state.entries - state.watermark.entries
    return [
        f"{to.label} would be the primary {vote}. {view.missing()}",
        *set_back(view.reachable).values(),
        f"Its newest log entry is {state.last_log_id} of {format_utc(state.last_entry_at)}; what was acknowledged "
        f"later is on {labels(away)} alone. It is lost if these never return; if they return it is kept "
        "as orphaned transactions, for you to reapply.",
        f"{unproved} of its {state.entries} entries are not known to be on a second node.",
        *(
            f"{name.label} does not refuse connections, so it may be at work behind a cut: then two nodes take "
            "writes until they meet, and the entries of one side are orphaned. Make sure that it is off."
            for name in away
            if (error := view.error(name)) and not error.gone
        ),
        *([UNCONFIRMED] if len(away) == len(to.others) else []),
    ]


def check(view: ClusterView, to: NodeName) -> NodeState:
    """Return the state of the node. Raises Refused."""
    state = view.state(to)
    if state is None:
        raise Refused(f"{to.label} cannot be promoted: {view.error(to)}")
    if view.quorum and len(view.reachable) - len(set_back(view.reachable)) >= MAJORITY:
        raise Refused(
            f"A majority of the nodes answers, so {to.label} need not be forced: run it without --force."
        )
    if view.primary is not None:
        raise Refused(f"{view.primary.name.label} takes the writes; there is nothing to force.")
    if state.blank or state.withdrawn:
        raise Refused(f"{to.label} lost its data or is being rebuilt: it has nothing to offer as a primary.")
    return state


def force(nodes: Nodes, view: ClusterView, to: NodeName, *, reason: str, lease_seconds: float) -> Promotion:
    """Promote `to` with its own vote. Raises Refused, StaleEpoch."""
    with journal.attempt("force") as attempt:
        risked = risks(view, to)
        done = promote(
            nodes[to],
            [nodes[name] for name in to.others],
            reason=reason,
            lease_seconds=lease_seconds,
            waived_consent_epoch=view.epoch,
            seen=view,
            forced=True,
        )
        attempt.succeeded(
            f"{to.label} was forced to take writes in epoch {done.epoch}. {' '.join(risked)}",
            old=view.last_primary or "",
            new=to,
            epoch=done.epoch,
            acknowledged_entries=done.entries,
            orphaned_entries=done.orphaned,
        )
    return done


def labels(names: list[NodeName]) -> str:
    """Name nodes in a sentence."""
    return " and ".join(name.label for name in names)
