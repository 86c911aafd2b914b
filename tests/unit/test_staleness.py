"""Whose vote counts after a restart."""

from dataclasses import replace

import pytest

from cluster.actions.reports.status import standing
from cluster.protocol.decide import Action, decide
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.monitor_state import MonitorState
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.policy import Policy
from cluster.protocol.staleness import TOLERATED_ROUNDS, next_round, set_back
from cluster.protocol.view import ClusterView, NodeState
from tests.harness import views

MAIN, NODE_A, NODE_B = NodeName


def node(name: NodeName, *rounds: int, in_sync: bool = False) -> NodeState:
    """Return a follower of Main; rounds: of Main, Node A and Node B, as it knows them."""
    known = dict(zip(NodeName, rounds, strict=True))
    mode = Mode.PRIMARY if name is MAIN else name.following_mode
    return views.node(name, mode=mode, promised=1, led=1, rounds=known, in_sync=in_sync)


FAR = TOLERATED_ROUNDS + 1
CASES = {
    "nobody was in a round": ([node(NODE_A, 0, 0, 0), node(NODE_B, 0, 0, 0)], ""),
    "all died in one moment": ([node(NODE_A, 9, 9, 8), node(NODE_B, 9, 8, 9)], ""),
    "remembered by another": ([node(NODE_A, 9, 9, 8), node(NODE_B, 5, 4, 5)], "older than it was: Node A"),
    "unless it has caught up": ([node(NODE_A, 9, 9, 8), node(NODE_B, 5, 4, 5, in_sync=True)], ""),
    "the other was away": ([node(NODE_A, 9, 9, 8), node(NODE_B, 9 + FAR, 9, 9 + FAR)], "Node B was restarted"),
    "it was there all the time": ([node(NODE_A, 9, 9, 8), node(NODE_B, 9 + FAR, 9, 9 + FAR, in_sync=True)], ""),
    "it was away itself": ([node(NODE_A, 9 + FAR, 9 + FAR, 9, in_sync=True), node(NODE_B, 9, 8, 9)], ""),
    "one of two was there": (
        [node(MAIN, 9 + FAR, 9, 9 + FAR), node(NODE_A, 9, 9, 8), node(NODE_B, 9 + FAR, 9, 9 + FAR)], "",
    ),
    "the last primary": ([node(MAIN, 9 + FAR, 9 + FAR, 9), node(NODE_B, 9, 8, 9)], ""),
    "alone": ([node(NODE_B, 9, 8, 9)], ""),
    "a node without data is no witness": (
        [replace(node(NODE_A, 9, 9, 9), promised=0), node(NODE_B, 5, 4, 5)], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("states", "reason"), CASES.values(), ids=CASES)
def test_whose_disk_may_be_older(states: list[NodeState], reason: str) -> None:
    found = set_back(states)
    assert list(found) == ([NODE_B] if reason else [])
    assert reason in found.get(NODE_B, "")


def test_a_round_comes_after_all_that_are_known() -> None:
    assert next_round({}, {}) == 1
    assert next_round({MAIN: 3, NODE_A: 9}, {NODE_B: 4}) == 10


def decided(*states: NodeState) -> tuple[Action, bool, str]:
    """Return what the watch does; a node without a state refuses connections."""
    seen = {state.name: state for state in states}
    view = ClusterView(
        {name: seen.get(name, NodeUnreachable(name, "no answer within 0.8 s")) for name in NodeName}
    )
    decision = decide(
        MonitorState(view, 100.0, failures={MAIN: 9}, answers={}, since={MAIN: 1.0}, reachability={}),
        Policy(threshold=2, cooldown=0.0),
    )
    return decision.action, decision.alarm, decision.sentence


def test_the_watch_promotes_nobody_by_such_a_vote_and_says_what_helps() -> None:
    action, is_alarm, sentence = decided(node(NODE_A, 9, 9, 8, in_sync=True), node(NODE_B, 5, 4, 5))
    assert (action, is_alarm) == (Action.NOTHING, True)
    assert "The data of Node B is older than it was" in sentence
    assert "promote_node_a --force" in sentence


def test_the_status_says_what_helps() -> None:
    seen = {
        NODE_A: node(NODE_A, 9, 9, 8, in_sync=True),
        NODE_B: node(NODE_B, 5, 4, 5),
        MAIN: NodeUnreachable(MAIN, "silent"),
    }
    sentence = standing(ClusterView(seen))
    assert sentence.startswith("No node takes writes. The data of Node B is older than it was")
    assert "promote_node_a --force" in sentence
    assert "recover_node node_b" in standing(
        ClusterView(seen | {MAIN: node(MAIN, 9, 8, 9), NODE_A: seen[MAIN]})
    )


def test_a_primary_that_was_put_back_is_replaced() -> None:
    action, _, sentence = decided(node(MAIN, 2, 1, 2), node(NODE_A, 8, 9, 8), node(NODE_B, 8, 8, 9))
    assert action is Action.FAIL_OVER
    assert sentence.startswith("The data of Main is older than it was: Node A remembers it in round 8")


def test_a_primary_waits_for_an_operator_where_only_a_put_back_node_could_vote() -> None:
    action, is_alarm, sentence = decided(node(MAIN, 9, 8, 9), node(NODE_B, 5, 4, 5))
    assert (action, is_alarm) == (Action.NOTHING, True)
    assert "run recover_node node_b" in sentence
