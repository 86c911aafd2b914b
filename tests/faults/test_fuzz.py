"""Random statements of sessions with random settings, by fixed seeds; `python -m tests.fuzz SEED` plays others."""

import pytest

from cluster.actions.failover.switchover import switchover
from cluster.protocol.names import NodeName
from tests.fuzz.run import Fuzz

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

SEEDS = (1, 2, 3, 4)
STATEMENTS = 250


@pytest.mark.parametrize("seed", SEEDS)
def test_every_node_stores_the_same_bytes(cluster, seed):
    cluster.settle()
    fuzz = Fuzz(seed, cluster.connect, lambda name: cluster.connect(name, "root", 30.0))
    fuzz.play(STATEMENTS)
    fuzz.end()
    cluster.settle(timeout=20)
    assert fuzz.differences() == [], "\n".join(fuzz.said)
    switchover(cluster.nodes, NodeName.NODE_A, reason="A test.", lease_seconds=3.0)
    fuzz.begin(NodeName.NODE_A)
    fuzz.play(STATEMENTS // 5)
    fuzz.end()
    cluster.settle(timeout=20)
    assert fuzz.differences() == [], "\n".join(fuzz.said)
