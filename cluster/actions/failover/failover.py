"""Give the writes to a node while nobody takes them: the primary failed, or lost its lease in a restart."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from cluster.actions.events import journal
from cluster.actions.failover.promote import Promotion, Wait, promote
from cluster.actions.steps.observe import Nodes, observe
from cluster.protocol.errors import ClusterError, NoMajority, Refused, StaleEpoch
from cluster.protocol.monitor_state import Reachability, is_gone
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.node import Node
from cluster.protocol.view import ClusterView

RIVAL_SECONDS, RIVAL_PAUSE = 2.0, 0.02
"""Seconds that somebody else's promotion may take once it has claimed, and between two probes of it."""


def promote_node_a(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion | None:
    """Make Node A the primary because Main takes no writes. None when it is the primary already.

    A watcher may be at it: then this waits for the end of that. Two that begin at one moment may split the votes, so
    that neither wins; then this tries once more, in a higher epoch. Raises as `fail_over`.
    """
    for last in (False, True):
        view = observe(nodes)
        if leads(view, NodeName.NODE_A):
            return None
        try:
            return fail_over(nodes, view, NodeName.NODE_A, reason=reason, lease_seconds=lease_seconds)
        except (StaleEpoch, NoMajority):
            if comes_to_lead(nodes, NodeName.NODE_A):
                return None
            if last:
                raise
    return None


def leads(view: ClusterView, name: NodeName) -> bool:
    """Return whether the node takes writes."""
    return view.primary is not None and view.primary.name is name


def comes_to_lead(
    nodes: Nodes, name: NodeName, *, wait: Wait = time.sleep, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Return whether somebody else's promotion of the node succeeds within a moment.

    wait: sleeps for a number of seconds. clock: seconds since any moment.
    """
    deadline = clock() + RIVAL_SECONDS
    while not leads(observe(nodes), name):
        if clock() > deadline:
            return False
        wait(RIVAL_PAUSE)
    return True


def resume_primary(nodes: Nodes, *, reason: str, lease_seconds: float) -> Promotion:
    """Let the last primary take writes again; Main in a cluster that never had one. Raises as `fail_over`."""
    view = observe(nodes)
    name = view.last_primary or NodeName.MAIN
    return fail_over(nodes, view, name, reason=reason, lease_seconds=lease_seconds)


def fail_over(
    nodes: Nodes, view: ClusterView, to: NodeName, *, reason: str, lease_seconds: float
) -> Promotion:
    """Promote `to` by hand while nobody takes writes.

    Raises Refused (a node takes writes, `to` does not answer, no majority), NoMajority, StaleEpoch.
    """
    gone = is_gone(view, reachability(nodes, view))
    return take_over(nodes, view, to, reason=reason, lease_seconds=lease_seconds, gone=gone)


def take_over(
    nodes: Nodes,
    view: ClusterView,
    to: NodeName,
    *,
    reason: str,
    lease_seconds: float,
    gone: bool,
    automatic: bool = False,
    since: float | None = None,
) -> Promotion:
    """Promote `to` with the votes of the nodes that were seen.

    gone: the process of the last primary has ended, and its lease with it. automatic: the watch does it, and
    cools down afterwards. since: when the last primary was missed first, seconds since 1970. Raises as
    `fail_over`; StaleEpoch, too, when another one was quicker.
    """
    last = view.last_primary
    with journal.attempt("resume" if last is to else "promote", rivals=automatic) as attempt:
        check(view, to)
        done = promote(
            nodes[to],
            [nodes[state.name] for state in view.reachable if state.name is not to],
            reason=reason,
            lease_seconds=lease_seconds,
            waived_consent_epoch=view.epoch if gone else None,
            seen=view,
            automatic=automatic,
        )
        attempt.succeeded(
            f"{to.label} takes writes in epoch {done.epoch}. {reason}",
            old=last or "",
            new=to,
            epoch=done.epoch,
            acknowledged_entries=done.entries,
            orphaned_entries=done.orphaned,
            missed_at=None
            if since is None
            else datetime.fromtimestamp(since, UTC).isoformat(timespec="milliseconds"),
        )
    return done


def check(view: ClusterView, to: NodeName) -> None:
    """Refuse a promotion that is not needed or cannot succeed, with the reason.

    A primary that others have overtaken may begin a new epoch: they take nothing from it any more.
    """
    if view.primary is not None and not (view.primary.name is to and view.overtaken_by):
        raise Refused(
            f"{view.primary.name.label} is healthy and takes the writes. To hand over in good order "
            f"use switchover --to {to}."
        )
    if error := view.error(to):
        raise Refused(f"{to.label} cannot be promoted: {error}")
    state = view.state(to)
    if state is not None and state.unfit and view.last_primary is not to:
        raise Refused(f"{to.label} cannot be promoted: {state.unfit}")
    if not view.quorum:
        raise Refused(
            f"{to.label} cannot be promoted: only {len(view.reachable)} of 3 nodes answer and {MAJORITY} "
            f"must agree. {view.missing()} Start one of them, then try again."
        )


def reachability(nodes: Nodes, view: ClusterView) -> dict[NodeName, Reachability]:
    """Ask the other nodes how they see a last primary that refuses connections from here; nothing else is worth it.

    Only if all are refused its process has ended, and its lease with it: a silent primary may still hold its
    own, and one that answers is claimed in the same attempt.
    """
    last = view.last_primary
    error = view.error(last) if last else None
    if last is None or error is None or not error.gone:
        return {}
    return {state.name: probe_reachability(nodes[state.name], last) for state in view.reachable}


def probe_reachability(node: Node, other: NodeName) -> Reachability:
    """Let a node probe another one; a node that cannot counts as hearing nothing."""
    try:
        return node.probe_peer(other)
    except ClusterError:
        return Reachability.SILENT
