"""A prepared XA transaction holds the barrier: a node that may still commit it is not closed, claimed or recovered."""

import pytest

from cluster.actions.promote import promote
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.sql import NOT_ACKNOWLEDGED

pytestmark = pytest.mark.faults

MAIN, NODE_A, NODE_B = NodeName
SENTENCE = "Main holds a prepared XA transaction"


def prepare(cluster):
    """A session on Main that has prepared one row."""
    session = cluster.connect("main")
    session.run("SET @current_transaction_id = 'prepared'")
    session.run("XA START 'x'")
    session.run("INSERT INTO test_counter VALUES (7, 7, '')")
    session.run("XA END 'x'")
    session.run("XA PREPARE 'x'")
    return session


def rows(cluster, name: NodeName) -> int:
    return cluster.connect(name).row("SELECT COUNT(*) FROM test_counter WHERE id = 7")[0]


def test_a_switchover_waits_for_a_prepared_transaction(cluster):
    cluster.settle()
    session = prepare(cluster)
    refused = cluster.manage("switchover", "--to", "node_a")
    assert refused.returncode == 1
    assert SENTENCE in refused.stderr
    assert cluster.primary() == MAIN
    session.run("XA COMMIT 'x'")
    session.rows("CALL await_acknowledgement('prepared', NULL)")
    done = cluster.manage("switchover", "--to", "node_a")
    assert done.returncode == 0, done.stderr
    cluster.settle()
    assert [rows(cluster, name) for name in NodeName] == [1, 1, 1]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_failed_main_is_not_recovered_while_it_may_still_commit(cluster, end):
    cluster.settle()
    prepare(cluster)
    cluster.kill("main")
    nodes = cluster.nodes
    promote(
        nodes[NODE_A],
        [nodes[NODE_B]],
        reason="test",
        lease_seconds=cluster.conf.lease_seconds,
        excused_epoch=1,
    )
    cluster.start("main")
    refused = cluster.manage("recover_main")
    assert refused.returncode == 1
    assert SENTENCE in refused.stderr
    root = cluster.connect("main", "root")
    root.run(f"XA {end} 'x'")
    if end == "COMMIT":
        with pytest.raises(NodeFailed) as unknown:
            cluster.connect("main").rows("CALL await_acknowledgement('prepared', 0.5)")
        assert unknown.value.code == NOT_ACKNOWLEDGED
    done = cluster.manage("recover_main")
    assert done.returncode == 0, done.stderr
    cluster.settle()
    assert [rows(cluster, name) for name in NodeName] == [0, 0, 0]
    filed = cluster.connect("node_a", "root").row(
        "SELECT COUNT(*) FROM orphaned_transaction WHERE transaction_id = 'prepared'"
    )
    assert filed[0] == (1 if end == "COMMIT" else 0)
    if end == "COMMIT":
        with pytest.raises(NodeFailed):
            cluster.connect("node_a").rows("CALL await_acknowledgement('prepared', 0.5)")
