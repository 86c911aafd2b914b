"""The one word for the state of the cluster, and what follows if the primary fails: both are what `decide` says."""

from dataclasses import replace

import pytest

from cluster.protocol.health import Health, Readiness, health, readiness
from cluster.protocol.policy import Policy
from tests.harness.views import (
    MAIN,
    NODE_A,
    NODE_B,
    NOW,
    PAUSED,
    POLICY,
    acting,
    leading,
    monitor_state,
    node,
    silent,
)


@pytest.mark.parametrize(
    ("nodes", "word"),
    [
        ([leading(MAIN)], Health.HEALTHY),
        ([leading(MAIN), silent(NODE_A)], Health.DEGRADED),
        ([leading(MAIN), node(NODE_A), silent(NODE_B)], Health.DEGRADED),
        ([leading(MAIN), node(NODE_A, quarantined=1)], Health.DEGRADED),
        ([leading(MAIN), node(NODE_A, promised=0)], Health.DEGRADED),
        ([leading(MAIN, automation=PAUSED)], Health.HEALTHY),
        ([leading(MAIN), node(NODE_A, automation=PAUSED)], Health.DEGRADED),
        ([silent(MAIN), *acting()], Health.FAILED_OVER),
        ([node(MAIN), *acting()], Health.FAILED_OVER),
        ([node(MAIN)], Health.NO_PRIMARY),
        ([silent(MAIN)], Health.NO_PRIMARY),
    ],
)
def test_the_state_is_one_word(nodes, word):
    assert health(monitor_state(*nodes).view, POLICY, NOW) is word


def test_orphaned_transactions_that_wait_are_not_healthy():
    assert health(monitor_state(leading(MAIN)).view, POLICY, NOW, orphans=2) is Health.DEGRADED


def test_a_cluster_that_may_not_fail_over_by_itself_is_degraded():
    assert health(monitor_state(leading(MAIN)).view, Policy(automatic=False), NOW) is Health.DEGRADED


def test_readiness_names_the_successor():
    assert readiness(monitor_state(leading(MAIN)).view, POLICY, NOW) == Readiness(NODE_A)
    assert readiness(monitor_state(node(MAIN), *acting()).view, POLICY, NOW) == Readiness(MAIN)
    assert readiness(monitor_state(silent(MAIN)).view, POLICY, NOW) is None


def test_readiness_names_the_blockers():
    alone = monitor_state(leading(MAIN), node(NODE_A), silent(NODE_B)).view
    found = readiness(alone, POLICY, NOW)
    assert found == Readiness(
        None, "Only 1 of 3 nodes answer; 2 are needed to take writes. Node B: no answer within 0.8 s."
    )
    unfit = monitor_state(leading(MAIN), node(NODE_A, quarantined=1)).view
    found = readiness(unfit, POLICY, NOW)
    assert found is not None
    assert (
        found.blockers
        == "Node A cannot be promoted: 1 row is quarantined on Node A: run quarantine list node_a."
    )


def test_a_failover_a_moment_ago_blocks_the_next_one():
    recent = [replace(state, failover_at=NOW - 5) for state in (leading(MAIN), node(NODE_A), node(NODE_B))]
    found = readiness(monitor_state(*recent).view, POLICY, NOW)
    assert found is not None
    assert "no other before" in found.blockers
