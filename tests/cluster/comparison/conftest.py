"""Sessions that damage a node, and rows that every node holds."""

import pytest

from cluster.protocol.names import NodeName
from tests.harness.comparison import add

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture
def root(cluster):
    """Open a session that writes past guard and log on a node, as root can."""

    def session(name: NodeName):
        connection = cluster.connect(name, "root")
        connection.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
        return connection

    return session


@pytest.fixture
def main(cluster):
    return cluster.connect(MAIN)


@pytest.fixture
def verified(cluster, main):
    """Ten rows whose entries are below the commit watermark of every node."""
    add(main, 10)
    cluster.settle()
    end = main.row("SELECT MAX(log_id) FROM transaction_log")[0]
    for node in cluster.nodes.values():
        node.verify(end)
    return end
