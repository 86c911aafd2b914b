"""verify_consistency: nodes and tables that cannot be compared are named."""

import pytest

from cluster.actions.steps.observe import observe
from cluster.actions.verification import compare_tables
from cluster.actions.verification.repair import repair
from cluster.actions.verification.verify import verify
from cluster.protocol.differences import Difference, Kind
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from tests.harness.comparison import Found, add, repaired

MAIN, NODE_A, NODE_B = NodeName


def test_a_node_that_is_down_is_named(cluster, main):
    add(main, 2)
    cluster.settle()
    cluster.kill(NODE_B)
    done = cluster.manage("verify_consistency")
    assert done.returncode == 1
    assert "Node B was not compared: connection refused" in done.stderr
    assert "What was compared is equal to Main: 2 rows" in done.stderr


def test_a_frozen_node_is_named_in_time(cluster, main):
    add(main, 2)
    cluster.settle()
    cluster.freeze(NODE_B)
    done = cluster.manage("verify_consistency", timeout=20)
    assert done.returncode == 1
    assert "Node B was not compared: no answer from" in done.stderr


def test_a_node_that_is_being_rebuilt_is_named(cluster, main):
    add(main, 2)
    cluster.settle()
    root = cluster.connect(NODE_B, "root")
    root.run("UPDATE node_config SET config_value = -1 WHERE config_key = 'epoch'")
    root.run("DELETE FROM transaction_log")
    found = Found(cluster)
    assert found == []
    assert "Node B was not compared: it is being rebuilt." in found.result.sentence


def test_a_node_that_dies_on_the_way_is_named(cluster, main, monkeypatch):
    monkeypatch.setattr(compare_tables, "ROWS", 5)
    add(main, 20)
    cluster.settle()
    view = observe(cluster.nodes)
    ticks = iter(range(1000))

    def progress(_rows: int) -> None:
        if next(ticks) == 1:
            cluster.kill(NODE_A)

    result = verify(cluster.nodes, view, on_difference=lambda _: None, progress=progress, settle=0.5)
    assert list(result.unreachable) == [NODE_A]
    assert not result.equal


def test_a_single_node_is_not_compared(cluster):
    cluster.kill(NODE_A)
    cluster.kill(NODE_B)
    with pytest.raises(Refused, match=r"no two nodes to compare.*Node A.*Node B"):
        Found(cluster)


def test_a_table_that_lacks_a_column_is_named(cluster, main):
    add(main, 1)
    cluster.settle()
    root = cluster.connect(NODE_B, "root")
    root.run("ALTER TABLE test_counter RENAME COLUMN writer TO author")
    try:
        found = Found(cluster)
    finally:
        root.run("ALTER TABLE test_counter RENAME COLUMN author TO writer")
    assert found.result.uncompared[0].startswith("test_counter on Node B cannot be compared: Unknown column")
    assert not found.result.equal


def test_nothing_is_repaired_without_a_primary(cluster, main, root):
    add(main, 1)
    cluster.settle()
    cluster.replicator.stop()
    cluster.nodes[MAIN].close_writes()
    root(NODE_B).run("UPDATE test_counter SET value = 5")
    with pytest.raises(Refused, match="no node takes writes now"):
        repaired(cluster)


def test_a_node_that_has_not_joined_is_left_alone(cluster, main, root):
    add(main, 1)
    cluster.settle()
    found = [Difference("test_counter", "1", NODE_B, Kind.DIFFERENT)]
    root(NODE_B).run("DELETE FROM transaction_log WHERE record_id = 'PROMOTION'")
    done = repair(cluster.nodes, observe(cluster.nodes), found)
    assert done.sentence == (
        "Repaired 0 rows and 0 log entries. Node B has not joined the present epoch; recover it first."
    )
