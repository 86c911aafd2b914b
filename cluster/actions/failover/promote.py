"""Make a node the primary: claim a majority, gather what it acknowledged, begin an epoch, open for writes.

Any step may fail; then the attempt ends, nobody is worse off than before, and the next one claims a higher
epoch. Two coordinators may run at once: at most one of them wins an epoch.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.actions.steps.lease import grant
from cluster.actions.steps.progress import report_step
from cluster.actions.steps.reconcile import copy_missing, reconcile
from cluster.protocol.errors import (
    ClusterError,
    ConsentRunning,
    NodeFailed,
    NodeUnreachable,
    NoMajority,
    Refused,
    StaleEpoch,
    WritersBusy,
)
from cluster.protocol.lease import consent_seconds
from cluster.protocol.names import MAJORITY, Mode, NodeName, Solo
from cluster.protocol.node import Node
from cluster.protocol.staleness import set_back
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView, NodeState

log = logging.getLogger(__name__)

Wait = Callable[[float], None]

REPORTED_SECONDS = 1.0
"""Seconds from which on a wait is reported."""

NO_OTHERS = "The other nodes do not answer, or are new or being rebuilt."


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion that succeeded.

    seconds: how long it took. orphaned: orphaned entries on the way. entries: all that the epoch began with,
    everything acknowledged among them.
    """

    node: Node
    epoch: int
    seconds: float
    orphaned: int
    entries: int


def promote(
    candidate: Node,
    others: Sequence[Node],
    *,
    reason: str,
    lease_seconds: float,
    waived_consent_epoch: int | None = None,
    seen: ClusterView | None = None,
    automatic: bool = False,
    forced: bool = False,
    wait: Wait = time.sleep,
) -> Promotion:
    """Make `candidate` the primary of a new epoch.

    others: the other nodes, reachable or not. waived_consent_epoch: the epoch whose primary is known to hold no
    lease, so that the consents given to it need not run out. seen: the view on which the caller decided.
    automatic: nobody ordered it, and the next one has to wait for the cool-down. forced: an
    operator vouches for the other nodes, which are away or may have an older disk: the candidate's vote alone
    will do. wait: sleeps for
    a number of seconds.
    Raises NoMajority, StaleEpoch (a rival won), NodeUnreachable, Refused.
    """
    began = time.monotonic()
    mode = candidate.name.writing_mode
    if mode is None:
        raise Refused(f"{candidate.name.label} is a replica and a vote; promote Main or Node A.")
    states = with_vote(answering([candidate, *others]))
    if candidate not in states:
        states[candidate] = require_vote(candidate)
    older = {} if forced else set_back(states.values())
    if candidate.name in older:
        raise Refused(f"{candidate.name.label} cannot be promoted: {older[candidate.name]}")
    refuse_outdated(seen, states.values())
    voters = {node: state for node, state in states.items() if node.name not in older}
    if len(voters) < MAJORITY and not forced:
        raise NoMajority(len(voters), " ".join(older.values()) or NO_OTHERS)
    epoch = next_epoch(voters, max(state.promised for state in states.values()))
    claimed = claim_majority(candidate, voters, epoch, waived_consent_epoch, 1 if forced else MAJORITY, wait)
    require_own_epoch(claimed, epoch)
    report_step(f"Epoch {epoch} is claimed at {labels(claimed)}: nobody else may write now.")
    wait_out_unconsented_lease(claimed, states, waived_consent_epoch, lease_seconds, wait)
    orphaned = gather(candidate, claimed, epoch)
    own = candidate.state()
    if own.unfit and not forced and own.primary != own.name:
        raise Refused(f"{candidate.name.label} cannot be promoted: {own.unfit}")
    report_step(f"{candidate.name.label} has everything that was acknowledged: {own.entries} entries.")
    is_lone = len(claimed) < MAJORITY
    candidate.write_promotion(epoch, facts(own, epoch, reason, automatic=automatic, forced=is_lone))
    joined, more = ([], 0) if is_lone else confirm(candidate, claimed, epoch)
    if joined:
        report_step(f"{labels(joined)} follows in epoch {epoch}.")
    followers = [node for node in claimed if node is not candidate]
    grant(candidate, others if is_lone else followers, epoch, mode, lease_seconds)
    report_step(f"{candidate.name.label} takes writes.")
    step_down(followers, joined, epoch)
    return Promotion(candidate, epoch, time.monotonic() - began, orphaned + more, own.entries)


def labels(nodes: Iterable[Node]) -> str:
    """Name nodes in a sentence."""
    return " and ".join(node.name.label for node in nodes)


def answering(nodes: Sequence[Node]) -> dict[Node, NodeState]:
    """Return the state of each node that answers."""
    states: dict[Node, NodeState] = {}
    for node in nodes:
        try:
            states[node] = node.state()
        except (NodeUnreachable, NodeFailed) as error:
            log.debug("%s", error)
    return states


def with_vote(states: Mapping[Node, NodeState]) -> dict[Node, NodeState]:
    """Return the nodes that may vote: not one that may have forgotten what it promised and acknowledged.

    A blank node is new for certain only where all three answer and nobody has ever led.
    """
    if len(states) == len(NodeName) and not any(state.led for state in states.values()):
        return dict(states)
    return {node: state for node, state in states.items() if not state.blank and not state.withdrawn}


def refuse_outdated(seen: ClusterView | None, states: Iterable[NodeState]) -> None:
    """Refuse a decision on an outdated view: it must not depose who was promoted meanwhile. Raises StaleEpoch.

    Nor a rival who is at it: two that depose each other in turn take longer than one. If the rival has died,
    the next round sees what it has claimed.
    """
    if seen is None:
        return
    for state in states:
        if state.led > seen.epoch:
            raise StaleEpoch(state.name, seen.epoch + 1, f"epoch {state.led} began meanwhile.")
        if state.promised > seen.promised:
            raise StaleEpoch(
                state.name, seen.epoch + 1, f"somebody else begins epoch {state.promised} at this moment."
            )


def require_vote(candidate: Node) -> NodeState:
    """Return the state of a candidate that was not seen to vote. Raises why it may not, if it still may not."""
    state = candidate.state()
    if state.blank or state.withdrawn:
        raise Refused(
            f"{candidate.name.label} cannot be promoted: it is new or being rebuilt. Run rebuild_node "
            f"{candidate.name} once a node takes writes."
        )
    return state


def next_epoch(voters: Iterable[Node], promised: int) -> int:
    """Return the epoch after all promised ones that can be seen; no two promotions may begin the same one.

    Two majorities have a node in common, which promises it once. But an operator may force Node A by its own vote,
    while the others, unseen, go on: so then it takes an odd number, and a majority without it an even one, which is
    higher: what the majority has acknowledged is kept when they meet. Invariant (a).
    """
    names = {node.name for node in voters}
    if names == {NodeName.NODE_A}:
        return promised + 1 | 1
    if NodeName.NODE_A in names:
        return promised + 1
    return promised + 3 & ~1


def require_own_epoch(claimed: Iterable[Node], epoch: int) -> None:
    """Refuse an epoch that a forced Node A may begin now: it answered and was not claimed. Raises NoMajority."""
    names = {node.name for node in claimed}
    if NodeName.NODE_A not in names and epoch % 2:
        raise NoMajority(len(names), "Node A answered and could not be claimed. Try again.")


def claim_majority(
    candidate: Node,
    states: Mapping[Node, NodeState],
    epoch: int,
    waived_consent_epoch: int | None,
    votes: int,
    wait: Wait,
) -> list[Node]:
    """Claim `epoch` on every node that answers; those that were claimed, the candidate among them.

    votes: how many it takes. The last primary comes first: once it is claimed it has no lease, and nobody need
    wait for the consent that it was given. Raises NoMajority, StaleEpoch.
    """
    claimed, missing = [], []
    for node in sorted(states, key=lambda n: states[n].primary != n.name):
        try:
            claim_when_free(node, epoch, waived_consent_epoch, wait)
        except (NodeUnreachable, NodeFailed, WritersBusy, ConsentRunning) as error:
            missing.append(str(error))
            continue
        claimed.append(node)
        if states[node].primary == node.name:
            waived_consent_epoch = max(waived_consent_epoch or 0, states[node].led)
    if candidate not in claimed or len(claimed) < votes:
        raise NoMajority(len(claimed), " ".join(missing) or NO_OTHERS)
    return claimed


def claim_when_free(node: Node, epoch: int, waived_consent_epoch: int | None, wait: Wait) -> None:
    """Claim one node; wait once for a consent to run out."""
    try:
        node.claim(epoch, waived_consent_epoch)
    except ConsentRunning as running:
        report_wait(f"{node.name.label} has consented to a lease of epoch {running.epoch}", running.seconds)
        wait(running.seconds)
        node.claim(epoch, waived_consent_epoch)


def wait_out_unconsented_lease(
    claimed: Sequence[Node],
    states: Mapping[Node, NodeState],
    waived_consent_epoch: int | None,
    lease_seconds: float,
    wait: Wait,
) -> None:
    """Let a lease run out that the last primary may have had without anybody's consent. Invariant (b).

    The claimed nodes are there now, so it gets no further one. Nothing to wait for where the last primary was
    claimed or is gone.
    """
    newest = max(states.values(), key=lambda state: state.led)
    met = any(node.name == newest.primary for node in claimed) or newest.led in (0, waived_consent_epoch)
    if not met and any(state.solo is not Solo.NEVER for state in states.values()):
        report_wait("The last primary may hold a lease without consent", consent_seconds(lease_seconds))
        wait(consent_seconds(lease_seconds))


def report_wait(cause: str, seconds: float) -> None:
    """Report why the promotion rests and until when, if it is for long."""
    if seconds > REPORTED_SECONDS:
        report_step(f"{cause}: waiting until {format_utc(time.time() + seconds)}, {seconds:.1f} s.")


def gather(candidate: Node, claimed: Sequence[Node], epoch: int) -> int:
    """Bring to the candidate all that a majority may have acknowledged. Orphaned entries on the way.

    Whatever was acknowledged stands on one of the claimed nodes, in an epoch that it led; no older primary
    can add to it any more, since a majority refuses its epoch. Invariant (a).
    """
    states = {node: node.state() for node in claimed}
    best = max(state.led for state in states.values())
    leaders = [node for node in claimed if states[node].led == best]
    own, orphaned = states[candidate], 0
    if own.led < best:
        orphaned = reconcile(candidate, leaders[0], epoch).orphaned
        own = candidate.state()
    for node in leaders:
        if node is not candidate:
            copy_missing(candidate, node, epoch, own.watermark.log_id, own.last_log_id)
    return orphaned


def facts(candidate: NodeState, epoch: int, reason: str, *, automatic: bool, forced: bool) -> str:
    """Return what PROMOTION(epoch) says, as JSON. It hands on when the last automatic failover was."""
    return json.dumps(
        {
            "node": candidate.name.value,
            "label": candidate.name.label,
            "epoch": epoch,
            "watermark": candidate.watermark.log_id,
            "reason": reason,
            "failover_at": candidate.clock if automatic else candidate.failover_at,
            "forced": int(forced),
        }
    )


def confirm(candidate: Node, claimed: Sequence[Node], epoch: int) -> tuple[list[Node], int]:
    """Let one more claimed node catch up, so that the epoch begins on a majority. (Nodes, orphaned.)

    Raises StaleEpoch when a rival was quicker, else NoMajority.
    """
    problems: list[ClusterError] = []
    for node in claimed:
        if node is candidate:
            continue
        try:
            return [node], reconcile(node, candidate, epoch).orphaned
        except ClusterError as error:
            problems.append(error)
    rivals = (error for error in problems if isinstance(error, StaleEpoch))
    raise next(rivals, NoMajority(1, " ".join(map(str, problems))))


def step_down(others: Sequence[Node], joined: Sequence[Node], epoch: int) -> None:
    """Give the other claimed nodes the mode of a follower. One that fails is put right when it is fed.

    One that has promised more is no follower of `epoch`: a rival may have made it the primary meanwhile.
    """
    for node in others:
        try:
            state = node.state()
            follows = node in joined or state.led == epoch  # a replicator may have brought it in already
            mode = node.name.following_mode if follows else Mode.RECOVERING
            if state.mode != mode:
                node.close_writes(mode, epoch)
        except ClusterError as error:
            log.warning("%s", error)
