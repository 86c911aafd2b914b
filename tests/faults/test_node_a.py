"""Node A lags at the crash, or dies right after taking over (28, 31)."""

import pytest

from cluster.protocol.names import NodeName
from tests.harness.checker import check, observed
from tests.harness.writers import writing

pytestmark = pytest.mark.faults


def test_28_node_a_lags_at_the_crash(cluster, operator):
    """What Node B acknowledged meanwhile is fetched before the first write."""
    with observed(cluster), writing(cluster) as book:
        cluster.freeze("node_a")
        book.wait_for(100)
        cluster.kill("main")
        lagging = len(book.acknowledged)
        cluster.resume("node_a")
        ahead = cluster.nodes[NodeName.NODE_B].state().entries
        assert ahead > cluster.nodes[NodeName.NODE_A].state().entries
        operator.promote_node_a()
        assert cluster.nodes[NodeName.NODE_A].state().entries >= ahead
        book.wait_for(50)
        cluster.start("main")
        operator.recover("main")
    assert lagging > 100
    check(cluster, book)


@pytest.mark.parametrize("writes", [0, 40], ids=["before any write", "after some writes"])
def test_31_node_a_dies_after_taking_over(cluster, operator, writes):
    """Main returns: the newest epoch leads, nothing is lost."""
    with observed(cluster), writing(cluster) as book:
        book.wait_for(50)
        cluster.kill("main")
        operator.promote_node_a()
        if writes:
            book.wait_for(writes)
        cluster.kill("node_a")
        cluster.start("main")
        operator.give_writes("main")
        assert cluster.nodes[NodeName.MAIN].state().led == 4  # even: Node A gave no vote
        book.wait_for(50)
        cluster.start("node_a")
        cluster.settle(20)
    check(cluster, book)
