"""Three nodes whose replicator does not work: what moves, the test moves."""

import pytest

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.names import NodeName


@pytest.fixture
def still(cluster):
    """Return a cluster whose replicator does not work: what moves, the test moves."""
    cluster.settle()
    cluster.replicator.stop()
    return cluster


@pytest.fixture
def main(still) -> MariaDBNode:
    """Return the primary, of epoch 1."""
    return still.nodes[NodeName.MAIN]


@pytest.fixture
def vice(still) -> MariaDBNode:
    """Return a follower."""
    return still.nodes[NodeName.NODE_A]


@pytest.fixture
def app(still):
    """Return the application's session on Main."""
    return still.connect("main")
