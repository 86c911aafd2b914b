"""The decision table of the watch: what it does and says on every state of its knowledge."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cluster.protocol.decide import STABLE_PROBES, WITNESS_SECONDS, Action, Decision, decide
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.monitor_state import MonitorState, Reachability
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.policy import Policy
from cluster.protocol.view import ClusterView, Lease, NodeState
from tests.harness.views import (
    AT,
    EPOCH,
    NOW,
    PAUSED,
    POLICY,
    acting,
    leading,
    monitor_state,
    node,
    silent,
)

MAIN, NODE_A, NODE_B = NodeName


def said(monitor_state: MonitorState, policy: Policy = POLICY) -> tuple[Action, str]:
    """Return the action and its sentence."""
    decision = decide(monitor_state, policy)
    return decision.action, decision.sentence


BLANK = {"promised": 0, "led": 0, "primary": None}
ALONE = Policy(threshold=2, cooldown=60.0, failback=True)


@pytest.mark.parametrize(
    ("seen", "action", "sentence"),
    [
        (monitor_state(leading(MAIN)), Action.NOTHING, "Main is healthy. Node A remains in VICE mode."),
        (
            monitor_state(leading(MAIN), silent(NODE_A)),
            Action.NOTHING,
            "Main takes the writes. Not in sync: Node A. Node A: no answer within 0.8 s.",
        ),
        (
            monitor_state(leading(MAIN), node(NODE_A), node(NODE_B, **BLANK)),
            Action.NOTHING,
            "Main takes the writes. Not in sync: Node B. "
            "Node B is new or was not rebuilt to the end: run rebuild_node node_b.",
        ),
        (
            monitor_state(leading(MAIN), node(NODE_A), node(NODE_B, promised=EPOCH + 2)),
            Action.RESUME,
            "Node B promised an epoch above that of Main, in a promotion that failed. "
            "Main goes on in a new epoch.",
        ),
        (
            monitor_state(leading(MAIN, automation=PAUSED), node(NODE_A), node(NODE_B, promised=EPOCH + 2)),
            Action.NOTHING,
            "Node B promised an epoch above that of Main, in a promotion that failed. Automation is paused "
            "since 2027-01-15 07:00:00 UTC by ada. Run resume to let the watch act. "
            "Run switchover --to main to begin a new epoch.",
        ),
        (
            monitor_state(silent(MAIN), *acting()),
            Action.NOTHING,
            "Main still down. Node A continues as ACTING_MASTER.",
        ),
        (
            monitor_state(node(MAIN, led=4), *acting()),
            Action.NOTHING,
            "Main is back online. Node A should demote after synchronization.",
        ),
        (
            monitor_state(node(MAIN, lease=Lease(EPOCH, -0.2), mode=Mode.PRIMARY)),
            Action.RENEW,
            "The lease of Main has run out. Renewing it.",
        ),
        (
            monitor_state(node(MAIN, mode=Mode.PRIMARY)),
            Action.RESUME,
            "Main holds no lease and goes on in a new epoch.",
        ),
        (
            monitor_state(node(MAIN, mode=Mode.RECOVERING, lease=Lease(EPOCH, 2.0))),
            Action.RESUME,
            "Main is in RECOVERING mode and goes on in a new epoch.",
        ),
        (
            monitor_state(
                node(MAIN, primary=NODE_A), node(NODE_A, primary=NODE_A), node(NODE_B, primary=NODE_A)
            ),
            Action.RESUME,
            "Node A holds no lease and goes on in a new epoch.",
        ),
        (
            monitor_state(silent(MAIN), failures=1),
            Action.WAIT,
            "Main missed 1 of 2 probes: no answer within 0.8 s.",
        ),
        (
            monitor_state(silent(MAIN)),
            Action.FAIL_OVER,
            f"Main unreachable since {AT}. Promoting Node A to ACTING_MASTER.",
        ),
        (
            monitor_state(silent(MAIN), reachability=(Reachability.REACHED, Reachability.SILENT)),
            Action.NOTHING,
            "Main does not answer this watcher, but Node A can write there: no failover. no answer within 0.8 s.",
        ),
        *(
            (
                monitor_state(main, reachability=reachability),
                Action.NOTHING,
                "Main has no free connection, so it lives and serves who is connected. End idle sessions there or "
                f"raise max_connections. While its lease is renewed there is no failover. {main.reason}.",
            )
            for main, reachability in (
                (NodeUnreachable(MAIN, "too many", full=True), (Reachability.SILENT, Reachability.SILENT)),
                (silent(MAIN), (Reachability.FULL, Reachability.SILENT)),
            )
        ),
        (
            monitor_state(
                NodeUnreachable(MAIN, "too many", full=True),
                node(NODE_A, consent_seconds=0.0),
                node(NODE_B, consent_seconds=0.0),
                reachability=(Reachability.FULL, Reachability.FULL),
            ),
            Action.FAIL_OVER,
            f"Main unreachable since {AT}. Promoting Node A to ACTING_MASTER.",
        ),
        (
            monitor_state(
                silent(MAIN),
                node(NODE_A, consent_seconds=0.0),
                node(NODE_B, consent_seconds=0.0),
                reachability=(Reachability.REACHED, Reachability.REACHED),
            ),
            Action.FAIL_OVER,
            f"Main unreachable since {AT}. Promoting Node A to ACTING_MASTER.",
        ),
        (
            monitor_state(node(MAIN, primary=NODE_A), silent(NODE_A), node(NODE_B, primary=NODE_A)),
            Action.FAIL_OVER,
            f"Node A unreachable since {AT}. Promoting Main to PRIMARY.",
        ),
        (
            monitor_state(node(MAIN, **BLANK)),
            Action.FAIL_OVER,
            "Main has lost its data. Promoting Node A to ACTING_MASTER.",
        ),
        (
            monitor_state(silent(MAIN), node(NODE_A, **BLANK)),
            Action.NOTHING,
            f"Main unreachable since {AT}. Node A cannot be promoted: 2 of 3 nodes with their data must agree. "
            "Main: no answer within 0.8 s. Node A is new or was not rebuilt to the end: run rebuild_node node_a.",
        ),
        (
            monitor_state(silent(MAIN), silent(NODE_A)),
            Action.NOTHING,
            "Only 1 of 3 nodes answer; 2 are needed to take writes. "
            "Main: no answer within 0.8 s. Node A: no answer within 0.8 s.",
        ),
        (
            monitor_state(leading(MAIN), silent(NODE_A), silent(NODE_B)),
            Action.NOTHING,
            "Main takes the writes alone: no second node confirms them. "
            "Node A: no answer within 0.8 s. Node B: no answer within 0.8 s.",
        ),
        (
            monitor_state(*(node(name, **BLANK) for name in NodeName)),
            Action.NOTHING,
            "This cluster never had a primary. Run setup_nodes.",
        ),
        (
            monitor_state(silent(MAIN), node(NODE_A, failover_at=NOW - 20)),
            Action.NOTHING,
            f"Main unreachable since {AT}. There was an automatic failover at 2027-01-15 07:59:40 UTC: no other "
            "before 2027-01-15 08:00:40 UTC. Run promote_node_a to promote Node A now.",
        ),
        (
            monitor_state(silent(MAIN), node(NODE_A, automation=PAUSED)),
            Action.NOTHING,
            f"Main unreachable since {AT}. Automation is paused since {PAUSED.at} by ada. "
            "Run resume to let the watch act. Run promote_node_a to promote Node A.",
        ),
        (
            monitor_state(node(MAIN), node(NODE_A, automation=PAUSED)),
            Action.NOTHING,
            f"Main answers but holds no lease, so no node takes writes. Automation is paused since {PAUSED.at} "
            "by ada. Run resume to let the watch act. Run switchover --to main to let it go on.",
        ),
    ],
)
def test_the_decision_and_its_sentence(seen: MonitorState, action: Action, sentence: str) -> None:
    assert said(seen) == (action, sentence)


@pytest.mark.parametrize(
    ("seen", "action", "sentence"),
    [
        (
            monitor_state(node(MAIN, led=4), *acting()),
            Action.RECOVER,
            "Main is back online. Recovering it from Node A.",
        ),
        (
            monitor_state(node(MAIN, primary=NODE_A), *acting(), answers=STABLE_PROBES - 1),
            Action.NOTHING,
            "Main is back online. Node A should demote after synchronization.",
        ),
        (
            monitor_state(node(MAIN, primary=NODE_A), *acting(), answers=STABLE_PROBES),
            Action.HAND_BACK,
            "Main is back online and in sync. Failing back to Main.",
        ),
        (
            monitor_state(
                node(MAIN, primary=NODE_A, failover_at=NOW - 20),
                leading(NODE_A, failover_at=NOW - 20),
                node(NODE_B, primary=NODE_A, failover_at=NOW - 20),
                answers=STABLE_PROBES,
            ),
            Action.NOTHING,
            "Main is back online. Node A should demote after synchronization.",
        ),
        (
            monitor_state(node(MAIN, led=4, automation=PAUSED), *acting()),
            Action.NOTHING,
            "Main is back online. Node A should demote after synchronization.",
        ),
        (
            monitor_state(node(MAIN, **BLANK), *acting()),
            Action.NOTHING,
            "Main is back online. Node A should demote after synchronization. "
            "Main is new or was not rebuilt to the end: run rebuild_node main.",
        ),
    ],
)
def test_with_automatic_failback(seen: MonitorState, action: Action, sentence: str) -> None:
    assert said(seen, ALONE) == (action, sentence)


def test_without_automatic_failover_an_operator_is_told_what_to_run() -> None:
    assert said(monitor_state(silent(MAIN)), replace(POLICY, automatic=False)) == (
        Action.NOTHING,
        f"Main unreachable since {AT}. Automatic failover is off (CLUSTER_AUTOMATIC). "
        "Run promote_node_a to promote Node A.",
    )


@pytest.mark.parametrize(
    ("reachability", "gone", "ended", "expected"),
    [
        ((Reachability.GONE, Reachability.GONE), True, True, True),
        ((Reachability.GONE, Reachability.GONE), True, False, False),
        ((Reachability.GONE, Reachability.SILENT), True, True, False),
        ((Reachability.GONE, Reachability.GONE), False, False, False),
    ],
)
def test_only_an_end_that_was_seen_makes_the_lease_certain(
    reachability: tuple[Reachability, Reachability], gone: bool, ended: bool, expected: bool
) -> None:
    decision = decide(monitor_state(silent(MAIN, gone=gone, ended=ended), reachability=reachability), POLICY)
    assert (decision.action, decision.gone) == (Action.FAIL_OVER, expected)


def test_who_finds_a_primary_refusing_lets_those_act_first_who_saw_it_end() -> None:
    everywhere = (Reachability.GONE, Reachability.GONE)
    just_now = dict.fromkeys([MAIN], NOW - WITNESS_SECONDS / 2)
    seen = replace(monitor_state(silent(MAIN, gone=True), reachability=everywhere), since=just_now)
    assert said(seen) == (
        Action.WAIT,
        "Main refuses new connections, which does not prove that its process has ended: connection refused at it.",
    )
    seen = replace(
        monitor_state(silent(MAIN, gone=True, ended=True), reachability=everywhere), since=just_now
    )
    assert decide(seen, POLICY).action is Action.FAIL_OVER


WAY_OUT = re.compile(r"Run |run |\d of 3 nodes|no failover|still down|back online")
STATES: dict[str, dict[str, Any]] = {
    "level": {},
    "behind": {"led": EPOCH - 1},
    "claimed": {"promised": EPOCH + 1},
    "leads": {"lease": Lease(EPOCH, 2.0)},
    "lapsed": {"lease": Lease(EPOCH, -1.0)},
    "blank": BLANK,
    "withdrawn": {"promised": -EPOCH},
}


def every_view() -> list[tuple[NodeState | NodeUnreachable, ...]]:
    """Each node silent, gone or in every state that its mode allows; two candidates may have led last."""
    views = []
    for last, main, other, third in itertools.product(
        (MAIN, NODE_A), [*STATES, ""], [*STATES, ""], [*STATES, ""]
    ):
        seen = []
        for name, state in zip(NodeName, (main, other, third), strict=True):
            mode = name.writing_mode if state in ("leads", "lapsed") else name.following_mode
            if not state:
                seen.append(silent(name, gone=True, ended=True))
            elif mode is None or (state in ("leads", "lapsed") and name is not last):
                break
            else:
                seen.append(node(name, **{"mode": mode, "primary": last} | STATES[state]))
        if len(seen) == len(NodeName):
            views.append(tuple(seen))
    return views


def decisions() -> Iterator[tuple[MonitorState, Decision]]:
    """Make the decision on every combination of views, reachability, failures, pause, cool-down and policy."""
    for seen, paused, cooling in itertools.product(every_view(), (False, True), (False, True)):
        facts: dict[str, Any] = {"automation": PAUSED} if paused else {}
        facts |= {"failover_at": NOW - 20} if cooling else {}
        states = [replace(item, **facts) if isinstance(item, NodeState) else item for item in seen]
        for first, second, failures in itertools.product(Reachability, Reachability, (1, 2)):
            known = monitor_state(
                *states, failures=failures, reachability=(first, second), answers=STABLE_PROBES
            )
            for policy in (POLICY, ALONE):
                yield known, decide(known, policy)


def test_every_combination_has_a_decision_with_a_way_out_that_endangers_nobody() -> None:
    """One pass for both: to make the combinations costs most of the time."""
    checked = 0
    for seen, decision in decisions():
        checked += 1
        assert_way_out(seen.view, decision)
        assert_no_danger(seen, decision)
    assert checked > 10_000


def assert_way_out(view: ClusterView, decision: Decision) -> None:
    """Whoever is left without a primary hears what to do."""
    assert decision.sentence
    if decision.action is Action.NOTHING and view.primary is None:
        assert decision.alarm, decision
        assert WAY_OUT.search(decision.sentence), decision


def assert_no_danger(seen: MonitorState, decision: Decision) -> None:
    """Assert that a node that takes writes keeps them, and nobody is promoted who may not be."""
    view = seen.view
    if view.primary is not None:
        calm = (Action.NOTHING, Action.RECOVER, Action.HAND_BACK)
        begins = decision.action is Action.RESUME and decision.target is view.primary.name
        assert decision.action in calm or (begins and view.overtaken_by), decision
    if decision.action is Action.FAIL_OVER:
        assert view.quorum
        assert not (seen.reached_by and seen.may_hold_lease), decision
        assert decision.target is not None
        target = view.state(decision.target)
        assert target is not None
        assert not target.blank, decision
        assert not view.automation.paused, decision
