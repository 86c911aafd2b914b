"""What is decided on a view: who is the primary, who lags, why a verb refuses."""

from dataclasses import replace
from typing import Any

import pytest

from cluster.actions.failover import failover, recover, switchover
from cluster.actions.replication.feed import may_join
from cluster.protocol.errors import NodeUnreachable, Refused
from cluster.protocol.monitor_state import Reachability, is_gone
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.view import ClusterView, Lease, NodeState
from tests.harness import views

MAIN, NODE_A, NODE_B = NodeName
FOLLOWER = replace(views.FOLLOWER, promised=3, led=3, consent_epoch=3, last_entry_at=1000.0, clock=1005.0)


def node(name: NodeName, **facts: Any) -> NodeState:
    """Return a follower of epoch 3, but for these facts."""
    return replace(FOLLOWER, name=name, **facts)


def primary(**facts: Any) -> NodeState:
    """Return Main, taking writes in epoch 3."""
    return node(MAIN, **{"mode": Mode.PRIMARY, "lease": Lease(3, 1.0)} | facts)


def view(main: NodeState | None, *others: NodeState | None, gone: bool = False) -> ClusterView:
    """Return Main, Node A, Node B; None does not answer. gone: its process is not there."""
    seen = [main, *others, *[node(NODE_A), node(NODE_B, mode=Mode.REPLICA)][len(others) :]]
    return ClusterView(
        {
            name: state or NodeUnreachable(name, "no answer", gone=gone)
            for name, state in zip(NodeName, seen, strict=True)
        }
    )


@pytest.mark.parametrize(
    "state",
    [
        primary(lease=None),
        primary(lease=Lease(3, -0.1)),
        primary(lease=Lease(2, 1.0)),
        primary(mode=Mode.RECOVERING),
    ],
)
def test_a_primary_needs_a_mode_and_a_running_lease_of_its_promise(state: NodeState) -> None:
    assert view(state).primary is None
    assert view(primary()).primary == primary()


def test_of_two_that_seem_to_write_the_newer_is_the_primary() -> None:
    newer = node(NODE_A, mode=Mode.ACTING_MASTER, promised=4, led=4, lease=Lease(4, 1.0))
    assert view(primary(), newer).primary == newer


def test_a_lapsed_primary_is_one_that_nobody_replaced() -> None:
    lapsed = primary(lease=Lease(3, -5.0))
    assert view(lapsed).lapsed == lapsed
    assert view(lapsed, node(NODE_A, promised=4, led=4)).lapsed is None
    assert view(primary()).lapsed is None


def test_lag_counts_entries_behind_the_primary() -> None:
    seen = view(primary(entries=20), node(NODE_A, entries=15), node(NODE_B, led=2, entries=30))
    assert [seen.lag_entries(name) for name in NodeName] == [0, 5, 1]
    assert seen.lag_seconds(NODE_A) == 5.0
    assert seen.lag_seconds(MAIN) == 0.0


def test_nothing_is_known_of_a_node_that_does_not_answer() -> None:
    seen = view(primary(), None)
    assert seen.lag_entries(NODE_A) is None
    assert seen.quorum
    assert seen.missing() == "Node A: no answer."


def test_without_a_primary_lag_is_measured_against_the_newest_log() -> None:
    seen = view(None, node(NODE_A, entries=9), node(NODE_B, entries=11))
    assert seen.lag_entries(NODE_A) == 2
    assert seen.last_primary is MAIN


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (view(primary()), "Main is healthy and takes the writes."),
        (view(primary(lease=None), None), "Node A cannot be promoted: Node A does not answer"),
        (view(None, node(NODE_A), None), "only 1 of 3 nodes answer and 2 must agree"),
    ],
)
def test_a_failover_refuses_with_the_reason(seen: ClusterView, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        failover.check(seen, NODE_A)


def refusing(ended: int | None) -> ClusterView:
    """Return the state in which Main refuses connections; ended: the lease that it held when it closed one. Epoch 4."""
    others = [node(name, led=4, promised=4) for name in (NODE_A, NODE_B)]
    return ClusterView(
        {MAIN: NodeUnreachable(MAIN, "refused", gone=True, ended=ended), **{n.name: n for n in others}}
    )


@pytest.mark.parametrize(
    ("seen", "reachability", "expected"),
    [
        (refusing(4), (Reachability.GONE, Reachability.GONE), True),
        (refusing(None), (Reachability.GONE, Reachability.GONE), False),
        (refusing(3), (Reachability.GONE, Reachability.GONE), False),
        (refusing(4), (Reachability.GONE, Reachability.SILENT), False),
        (refusing(4), (), False),
        (view(None), (Reachability.GONE, Reachability.GONE), False),
        (view(primary(lease=None)), (Reachability.GONE, Reachability.GONE), False),
    ],
    ids=[
        "seen to end",
        "refused alone",
        "an older lease",
        "one is silent",
        "nobody looked",
        "silent",
        "answers",
    ],
)
def test_a_lease_is_dead_only_when_its_process_was_seen_to_end(
    seen: ClusterView, reachability: tuple[Reachability, ...], expected: bool
) -> None:
    assert is_gone(seen, dict(zip((NODE_A, NODE_B), reachability, strict=False))) is expected


@pytest.mark.parametrize(
    ("seen", "to", "sentence"),
    [
        (view(primary()), NODE_B, "Node B is a replica and a vote"),
        (view(primary(), None), NODE_A, "Node A cannot take over"),
        (view(primary(lease=None)), NODE_A, "No node takes writes now"),
        (view(primary()), MAIN, "Main is the primary already"),
        (view(primary(), node(NODE_A, led=2)), NODE_A, "1 entries behind Main; run recover_node node_a"),
        (view(primary(entries=9000)), NODE_A, "8988 entries behind Main"),
    ],
)
def test_a_switchover_refuses_with_the_reason(seen: ClusterView, to: NodeName, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        switchover.check(seen, to)


@pytest.mark.parametrize(
    ("seen", "name", "sentence"),
    [
        (view(primary(), None), NODE_A, "Node A cannot be recovered: Node A does not answer"),
        (view(None), NODE_A, "no node takes writes now"),
        (view(primary()), MAIN, "there is nothing to recover"),
    ],
)
def test_a_recovery_refuses_with_the_reason(seen: ClusterView, name: NodeName, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        recover.check(seen, name)


def test_main_joins_by_itself_only_when_it_is_in_the_epoch() -> None:
    assert not may_join(node(MAIN, led=2), 3)
    assert may_join(node(MAIN), 3)
    assert may_join(node(NODE_B, led=2), 3)
