"""verify_consistency: entries of the log that differ are named, and --repair puts them right."""

import pytest

from cluster.actions.steps.observe import observe
from cluster.protocol.differences import LOG
from cluster.protocol.names import NodeName
from tests.harness.comparison import Found, repaired

MAIN, NODE_A, NODE_B = NodeName


@pytest.mark.parametrize("name", list(NodeName))
def test_a_lost_entry_is_found_and_brought_back(cluster, verified, root, name):
    root(name).run("DELETE FROM transaction_log WHERE log_id = %s", (verified - 2,))
    assert Found(cluster).sentences == [f"{LOG} 1-{verified - 2} on {name.label}: missing"]
    assert repaired(cluster) == "Repaired 0 rows and 1 log entries."
    assert Found(cluster).result.equal
    cluster.settle()
    assert len({observe(cluster.nodes).state(node).entries for node in NodeName}) == 1


@pytest.mark.parametrize("name", list(NodeName))
def test_a_forged_entry_is_found_and_put_right(cluster, verified, root, name):
    root(name).run("UPDATE transaction_log SET source_node = 'NODE_B' WHERE log_id = %s", (verified,))
    assert Found(cluster).sentences == [f"{LOG} 1-{verified} on {name.label}: different: source_node"]
    assert repaired(cluster) == "Repaired 0 rows and 1 log entries."
    assert Found(cluster).result.equal


def test_an_entry_that_one_replica_made_up_becomes_an_orphan(cluster, verified, root):
    root(NODE_B).run(
        "INSERT INTO transaction_log SELECT log_id + 100, epoch, 'made-up', 1, log_type, 'UPDATE', table_name,"
        " record_id, new_value, JSON_SET(new_value, '$.value', 9), source_node, `timestamp`"
        " FROM transaction_log WHERE log_id = %s",
        (verified,),
    )
    assert Found(cluster).sentences == [f"{LOG} 1-{verified + 100} on Node B: extra"]
    assert repaired(cluster) == "Repaired 0 rows and 1 log entries."
    cluster.settle()
    assert Found(cluster).result.equal
    filed = cluster.connect(NODE_A).rows("SELECT id, status, found_on FROM orphaned_transaction")
    assert filed == ((f"1-{verified + 100}", "PENDING", "node_b"),)


def test_a_row_follows_the_entry_that_was_lost(cluster, verified, root, main):
    main.run("UPDATE test_counter SET value = 1 WHERE id = 4")
    cluster.settle()
    end = verified + 1
    for node in cluster.nodes.values():
        node.verify(end)
    damaged = root(NODE_A)
    damaged.run("DELETE FROM transaction_log WHERE log_id = %s", (end,))
    damaged.run("UPDATE test_counter SET value = 0 WHERE id = 4")
    assert Found(cluster).sentences == [
        "test_counter 4 on Node A: different: value",
        f"{LOG} 1-{end} on Node A: missing",
    ]
    repaired(cluster)
    assert Found(cluster).result.equal
