"""Hand the writes over to another node, planned: nothing lost, a pause of milliseconds."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.actions.events import journal
from cluster.actions.failover import failover
from cluster.actions.failover.promote import Promotion, promote
from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import Nodes
from cluster.actions.steps.progress import report_step
from cluster.actions.steps.reconcile import reconcile
from cluster.protocol.errors import ClusterError, Refused
from cluster.protocol.names import NodeName
from cluster.protocol.node import Node
from cluster.protocol.view import NEARLY_CAUGHT_UP, ClusterView, NodeState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Switchover:
    """A switchover that succeeded. pause: seconds in which no node took writes.

    old and pause are None when nobody took writes before.
    """

    old: NodeName | None
    new: NodeName
    epoch: int
    pause: float | None

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        if self.old is None or self.pause is None:
            return f"{self.new.label} takes writes again, in epoch {self.epoch}."
        return (
            f"{self.new.label} took over from {self.old.label} in epoch {self.epoch}. "
            f"Writes paused for {self.pause * 1000:.0f} ms."
        )


def give_writes(
    nodes: Nodes, to: NodeName, *, reason: str, lease_seconds: float, timeout: float
) -> Switchover:
    """Make `to` the primary: from the present one, or by a failover when nobody takes writes.

    A primary that others have overtaken begins a new epoch.
    """
    view = observe_revived(nodes, lease_seconds)
    if needs_failover(view, to):
        done = failover.fail_over(nodes, view, to, reason=reason, lease_seconds=lease_seconds)
        return Switchover(None, to, done.epoch, None)
    return switchover(nodes, to, reason=reason, lease_seconds=lease_seconds, timeout=timeout)


def switchover(
    nodes: Nodes, to: NodeName, *, reason: str, lease_seconds: float, timeout: float = 30.0
) -> Switchover:
    """Make `to` the primary in place of the present one.

    timeout: seconds that the new primary may take nearly to catch up while writes go on.
    Raises Refused (with the reason), WritersBusy (writes go on). When it fails after the old primary has
    closed, the old primary is promoted again before the error is passed on.
    """
    with journal.attempt("switchover") as attempt:
        primary = check(observe_revived(nodes, lease_seconds), to)
        old, new, epoch = nodes[primary.name], nodes[to], primary.promised
        catch_up_fully(new, old, epoch, timeout)
        done = hand_over(nodes, old, new, epoch, reason=reason, lease_seconds=lease_seconds)
        attempt.succeeded(
            f"{done.sentence} {reason}", old=old.name, new=to, epoch=done.epoch, pause_seconds=done.pause
        )
    return done


def hand_over(
    nodes: Nodes, old: Node, new: Node, epoch: int, *, reason: str, lease_seconds: float
) -> Switchover:
    """Close the old primary, open the new one; the time in between is the pause. Raises as `switchover`."""
    began = time.monotonic()
    old.close_writes(epoch=epoch)
    report_step(f"{old.name.label} is closed for writes; what is under way goes over to {new.name.label}.")
    others = [node for node in nodes.values() if node is not new]
    try:
        reconcile(new, old, epoch)
        done = promote(new, others, reason=reason, lease_seconds=lease_seconds, waived_consent_epoch=epoch)
    except ClusterError:
        take_back(old, nodes, epoch, lease_seconds)
        raise
    return Switchover(old.name, new.name, done.epoch, round(time.monotonic() - began, 3))


def check_transfer(view: ClusterView, to: NodeName) -> None:
    """Refuse what `give_writes` would, with the reason."""
    if needs_failover(view, to):
        failover.check(view, to)
    else:
        check(view, to)


def needs_failover(view: ClusterView, to: NodeName) -> bool:
    """Return whether there is no primary to take the writes from, or one that others have overtaken."""
    return view.primary is None or (view.primary.name is to and bool(view.overtaken_by))


def check(view: ClusterView, to: NodeName) -> NodeState:
    """Return the primary that hands over. Raises Refused with the reason."""
    if to.writing_mode is None:
        raise Refused(f"{to.label} is a replica and a vote; it does not take writes.")
    if error := view.error(to):
        raise Refused(f"{to.label} cannot take over: {error}")
    primary, state = view.primary, view.state(to)
    if primary is None or state is None:
        raise Refused(
            f"No node takes writes now, so there is nothing to hand over. Use promote_node_a or "
            f"switchover. {view.missing()}"
        )
    if primary.name is to:
        raise Refused(f"{to.label} is the primary already.")
    if state.unfit:
        raise Refused(f"{to.label} cannot take over: {state.unfit}")
    check_caught_up(view, state, primary)
    return primary


def check_caught_up(view: ClusterView, state: NodeState, primary: NodeState) -> None:
    """Refuse a node that has not joined the present epoch or is far behind."""
    lag = view.lag_entries(state.name) or 0
    if state.led == primary.led and lag <= NEARLY_CAUGHT_UP:
        return
    verb = "recover_main" if state.name is NodeName.MAIN else f"recover_node {state.name}"
    raise Refused(f"{state.name.label} is {lag} entries behind {primary.name.label}; run {verb} first.")


def catch_up_fully(new: Node, old: Node, epoch: int, timeout: float) -> None:
    """Fetch what is missing while writes go on, until little is left. Raises Refused."""
    deadline = time.monotonic() + timeout
    while True:
        added = reconcile(new, old, epoch)
        if added.entries <= NEARLY_CAUGHT_UP:
            return
        if time.monotonic() > deadline:
            raise Refused(
                f"{new.name.label} did not catch up within {timeout:.0f} s; writes go on on "
                f"{old.name.label}. Try again when the load is lower."
            )


def take_back(old: Node, nodes: Nodes, epoch: int, lease_seconds: float) -> Promotion | None:
    """Let the old primary go on writing after a switchover that failed."""
    others: Sequence[Node] = [node for node in nodes.values() if node is not old]
    reason = "The switchover failed; the old primary goes on."
    try:
        return promote(old, others, reason=reason, lease_seconds=lease_seconds, waived_consent_epoch=epoch)
    except ClusterError:
        log.exception("The old primary could not be promoted again.")
        return None
