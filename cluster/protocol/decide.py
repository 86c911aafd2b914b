"""What the watch does about what it sees, and why: one decision for every state of its knowledge, with its sentence.

Pure: the same monitor_state and policy always give the same decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cluster.protocol.monitor_state import MonitorState
from cluster.protocol.names import MAJORITY, Mode, NodeName
from cluster.protocol.policy import Policy
from cluster.protocol.sentences import (
    BACK_ONLINE,
    HEALTHY,
    NEVER_LED,
    NOT_AUTOMATIC,
    PROMOTING,
    STILL_DOWN,
    UNREACHABLE,
)
from cluster.protocol.staleness import set_back
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView, NodeState

STABLE_PROBES = 10
"""Answers in a row after which Main may have the writes back."""

WITNESS_SECONDS = 0.6
"""Seconds in which those act who saw the process of a primary end; who only finds it refusing would disturb them."""


class Action(StrEnum):
    """What is to be done."""

    NOTHING = "nothing"
    WAIT = "wait"
    """Probe again: the failure is not certain yet."""
    RENEW = "renew"
    """Extend the lease of the primary, which has run out."""
    RESUME = "resume"
    """Promote the last primary again."""
    FAIL_OVER = "fail over"
    """Promote the other candidate."""
    RECOVER = "recover"
    """Let Main catch up with the acting Node A."""
    HAND_BACK = "hand back"
    """Switch over to Main."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An action and the sentence that explains it.

    target: the node that it is about. gone: the process of the last primary has certainly ended. alarm: whether
    an operator has to know.
    """

    action: Action
    sentence: str
    target: NodeName | None = None
    gone: bool = False
    alarm: bool = False


def decide(monitor_state: MonitorState, policy: Policy) -> Decision:
    """Decide what to do now."""
    view = monitor_state.view
    if not view.quorum:
        return alarm(solo_warning(view) if view.primary else without_quorum(view))
    if view.primary is not None:
        return (
            new_epoch(view, policy)
            or hand_back(monitor_state, policy)
            or Decision(Action.NOTHING, with_primary(view), alarm=bool(lost(view) or hindered(view)))
        )
    last = view.last_primary
    if last is None:
        return alarm(NEVER_LED)
    state = view.state(last)
    if state is None:
        return without_answer(monitor_state, policy, last)
    if state.blank or state.withdrawn:
        return replace_primary(monitor_state, policy, last, f"{last.label} has lost its data.")
    if older := set_back(view.reachable).get(last):
        return replace_primary(monitor_state, policy, last, older)
    return without_lease(view, policy, state)


def alarm(*parts: str) -> Decision:
    """Do nothing, and alert: nothing can be done without an operator."""
    return Decision(Action.NOTHING, joined(*parts), alarm=True)


def joined(*parts: str) -> str:
    """Join sentences; empty ones leave no trace."""
    return " ".join(part for part in parts if part)


# With a primary


def with_primary(view: ClusterView) -> str:
    """Return how things stand while a node takes writes."""
    primary, main = view.primary, view.state(NodeName.MAIN)
    if primary is not None and view.overtaken_by:
        return joined(
            f"{primary.name.label} takes the writes.",
            overtaken(view),
            f"Run switchover --to {primary.name} to begin a new epoch.",
        )
    if primary is not None and primary.name is NodeName.MAIN:
        behind = [name for name in NodeName.MAIN.others if is_behind(view, name)]
        if not behind:
            return joined("Main takes the writes.", hindered(view)) if hindered(view) else HEALTHY
        return joined(
            f"Main takes the writes. Not in sync: {labels(behind)}.",
            view.missing(),
            empty(view),
            hindered(view),
        )
    if main is None:
        return joined(STILL_DOWN, hindered(view))
    return joined(BACK_ONLINE, empty(view), hindered(view))


def hindered(view: ClusterView) -> str:
    """Return the nodes that must not become the primary although they answer, or have no vote, in sentences."""
    return joined(view.unfit(), *set_back(view.reachable).values())


def new_epoch(view: ClusterView, policy: Policy) -> Decision | None:
    """Begin a new epoch where a promotion that failed left a node that promised more than the primary's."""
    primary, cause = view.primary, overtaken(view)
    if primary is None or not cause:
        return None
    if hindrance := automation_blocked_reason(view, policy):
        return alarm(cause, hindrance, f"Run switchover --to {primary.name} to begin a new epoch.")
    return Decision(Action.RESUME, f"{cause} {primary.name.label} goes on in a new epoch.", primary.name)


def overtaken(view: ClusterView) -> str:
    """Return who takes nothing from the primary because of a promotion that failed; empty when all follow."""
    primary, names = view.primary, [state.name for state in view.overtaken_by]
    if primary is None or not names:
        return ""
    return (
        f"{labels(names)} promised an epoch above that of {primary.name.label}, in a promotion that failed."
    )


def hand_back(monitor_state: MonitorState, policy: Policy) -> Decision | None:
    """Recover Main as soon as it is back, and give it the writes once it has been stable, where the policy says so."""
    view, main = monitor_state.view, monitor_state.view.state(NodeName.MAIN)
    primary = view.primary
    if primary is None or primary.name is NodeName.MAIN or main is None or main.blank or main.withdrawn:
        return None
    if not (policy.failback and is_automatic(view, policy)):
        return None
    if main.led < primary.led:
        return Decision(Action.RECOVER, "Main is back online. Recovering it from Node A.", NodeName.MAIN)
    if (
        main.unfit
        or monitor_state.answers.get(NodeName.MAIN, 0) < STABLE_PROBES
        or cooled_down_at(monitor_state, policy) > monitor_state.now
    ):
        return None
    return Decision(Action.HAND_BACK, "Main is back online and in sync. Failing back to Main.", NodeName.MAIN)


def is_behind(view: ClusterView, name: NodeName) -> bool:
    """Return whether a follower does not answer or has not joined the present epoch."""
    state, primary = view.state(name), view.primary
    if state is None or primary is None:
        return True
    return state.led != primary.led or state.mode is Mode.RECOVERING or state.mode.takes_writes


def lost(view: ClusterView) -> list[NodeName]:
    """Return the nodes that do not come back by themselves."""
    return [
        name for name in NodeName if (state := view.state(name)) is None or state.blank or state.withdrawn
    ]


def empty(view: ClusterView) -> str:
    """Return the nodes that have to be rebuilt, in a sentence; nothing when there are none."""
    return " ".join(
        f"{state.name.label} is new or was not rebuilt to the end: run rebuild_node {state.name}."
        for state in view.reachable
        if state.blank or state.withdrawn
    )


def labels(names: Iterable[NodeName]) -> str:
    """Name nodes in a sentence."""
    return ", ".join(name.label for name in names)


# Without a primary


def without_quorum(view: ClusterView) -> str:
    """Describe that too few nodes answer."""
    return joined(
        f"Only {len(view.reachable)} of 3 nodes answer; {MAJORITY} are needed to take writes.", view.missing()
    )


def solo_warning(view: ClusterView) -> str:
    """Describe a primary that goes on without the others, or whose lease is about to run out."""
    primary = view.primary
    return joined(
        f"{primary.name.label if primary else 'No node'} takes the writes alone: no second node confirms them.",
        view.missing(),
    )


def without_lease(view: ClusterView, policy: Policy, state: NodeState) -> Decision:
    """Decide on a last primary that answers and takes no writes: a restart, or a changed lease or mode."""
    name = state.name
    if lack := without_votes(view, name):
        return alarm(f"{name.label} answers but takes no writes.", lack)
    if view.lapsed is not None:
        return Decision(Action.RENEW, f"The lease of {name.label} has run out. Renewing it.", name)
    lack = "holds no lease" if state.lease is None else f"is in {state.mode} mode"
    if hindrance := automation_blocked_reason(view, policy):
        return alarm(
            f"{name.label} answers but {lack}, so no node takes writes.",
            hindrance,
            f"Run switchover --to {name} to let it go on.",
        )
    return Decision(Action.RESUME, f"{name.label} {lack} and goes on in a new epoch.", name)


def without_votes(view: ClusterView, name: NodeName) -> str:
    """Return why nobody who answers has a vote for the last primary, and what helps; empty when one has."""
    older = set_back(view.reachable)
    voters = [state for state in view.reachable if state.name is not name]
    if not older or any(state.name not in older for state in voters):
        return ""
    return joined(
        *older.values(), f"Start the missing node, or run recover_node {voters[0].name} to go on without it."
    )


def without_answer(monitor_state: MonitorState, policy: Policy, last: NodeName) -> Decision:
    """Decide on a last primary that does not answer the watcher."""
    view, failures = monitor_state.view, monitor_state.failures.get(last, 0)
    error = view.error(last)
    reason = error.reason if error else ""
    if failures < policy.threshold:
        return Decision(
            Action.WAIT,
            f"{last.label} missed {failures} of {policy.threshold} probes: {reason}.",
        )
    if monitor_state.is_refused and not monitor_state.is_gone and monitor_state.missed_for < WITNESS_SECONDS:
        return Decision(
            Action.WAIT,
            f"{last.label} refuses new connections, which does not prove that its process has ended: {reason}.",
        )
    if monitor_state.reached_by and monitor_state.may_hold_lease:
        return alarm(
            f"{last.label} does not answer this watcher, but {labels(monitor_state.reached_by)} can write there: no "
            f"failover. {reason}."
        )
    if monitor_state.is_full and monitor_state.may_hold_lease:
        return alarm(full(last), f"While its lease is renewed there is no failover. {reason}.")
    return replace_primary(
        monitor_state,
        policy,
        last,
        UNREACHABLE.format(node=last.label, since=format_utc(monitor_state.missed_since)),
    )


def full(name: NodeName) -> str:
    """Describe a node that has no free connection, and what helps."""
    return (
        f"{name.label} has no free connection, so it lives and serves who is connected. End idle sessions there or "
        "raise max_connections."
    )


def replace_primary(monitor_state: MonitorState, policy: Policy, last: NodeName, cause: str) -> Decision:
    """Promote the other candidate, unless something stands against it."""
    view = monitor_state.view
    candidate = replacement(last)
    mode = candidate.writing_mode
    older = set_back(view.reachable)
    votes = [s for s in view.reachable if not s.blank and not s.withdrawn and s.name not in older]
    if candidate not in [state.name for state in votes] or len(votes) < MAJORITY:
        return alarm(
            cause,
            f"{candidate.label} cannot be promoted: {MAJORITY} of 3 nodes with their data must agree.",
            view.missing(),
            empty(view),
            *(sentence for sentence in older.values() if sentence != cause),
            wait_or_force(candidate) if older else "",
        )
    if unfit := next((state.unfit for state in votes if state.name is candidate), ""):
        return alarm(cause, f"{candidate.label} cannot be promoted:", unfit)
    if hindrance := automation_blocked_reason(view, policy):
        return alarm(cause, hindrance, f"Run {verb(candidate)} to promote {candidate.label}.")
    if (again := cooled_down_at(monitor_state, policy)) > monitor_state.now:
        return alarm(
            cause,
            f"There was an automatic failover at {format_utc(view.failover_at)}: no other before {format_utc(again)}.",
            f"Run {verb(candidate)} to promote {candidate.label} now.",
        )
    return Decision(
        Action.FAIL_OVER,
        PROMOTING.format(cause=cause, candidate=candidate.label, mode=mode),
        candidate,
        gone=monitor_state.is_gone,
    )


def wait_or_force(candidate: NodeName) -> str:
    """Return what helps when the vote of a node proves nothing."""
    forced = " or, if no other copy will come back, run promote_node_a --force"
    return f"Start the missing node{forced if candidate is NodeName.NODE_A else ''}."


def replacement(last: NodeName) -> NodeName:
    """Return the other node that may take writes."""
    return NodeName.MAIN if last is NodeName.NODE_A else NodeName.NODE_A


def verb(candidate: NodeName) -> str:
    """Return the command that promotes by hand."""
    return "promote_node_a" if candidate is NodeName.NODE_A else f"switchover --to {candidate}"


def is_automatic(view: ClusterView, policy: Policy) -> bool:
    """Return whether the watch may act without an operator."""
    return not automation_blocked_reason(view, policy)


def automation_blocked_reason(view: ClusterView, policy: Policy) -> str:
    """Return why the watch may not act, in a sentence; empty when it may."""
    if view.automation.paused:
        return f"{paused(view)} Run resume to let the watch act."
    if not policy.automatic:
        return NOT_AUTOMATIC
    return ""


def paused(view: ClusterView) -> str:
    """Return who paused the watch; empty while it is not paused."""
    automation = view.automation
    return f"Automation is paused since {automation.at} by {automation.by}." if automation.paused else ""


def cooled_down_at(monitor_state: MonitorState, policy: Policy) -> float:
    """Return when the next automatic change of roles may be, seconds since 1970."""
    last = monitor_state.view.failover_at
    return 0.0 if last is None else last + policy.cooldown
