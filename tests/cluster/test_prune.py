"""Old entries leave the log, and nothing that the protocol needs goes with them."""

import json

import pytest

from cluster.actions.maintenance import prune as pruning_action
from cluster.actions.maintenance.prune import prune
from cluster.actions.steps.observe import observe
from cluster.nodes.log import pruning
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from tests.harness.checker import check
from tests.harness.sql import refusal
from tests.harness.writers import Book

AGE = "UPDATE transaction_log SET `timestamp` = `timestamp` - INTERVAL 40 DAY"
HELD = "SELECT epoch, log_id FROM transaction_log ORDER BY log_id"
ARCHIVED = "SELECT epoch, log_id FROM archived_entry ORDER BY log_id"


@pytest.fixture
def old(cluster, monkeypatch):
    """Return a cluster with a log of the month before: ten rows, each changed five times; windows are small."""
    monkeypatch.setattr(pruning_action, "WINDOW", 7)
    app = cluster.connect("main")
    app.run("SET @current_transaction_id = 'made'")
    app.many("INSERT INTO test_word VALUES (%s, %s)", [(f"w{n}", "first") for n in range(10)])
    for turn in range(5):
        app.run("SET @current_transaction_id = %s", (f"turn-{turn}",))
        app.run("UPDATE test_word SET meaning = %s", (f"meaning {turn}",))
    settled(cluster)
    for name in NodeName:
        cluster.connect(name, "root").run(AGE)
    return cluster


def settled(cluster) -> None:
    """Everything is everywhere, and known to be."""
    cluster.settle()
    for name in NodeName:
        node = cluster.nodes[name]
        node.verify(node.state().last_log_id)


def pruned(cluster, days: int = 30):
    return prune(cluster.nodes, observe(cluster.nodes), days=days)


def everywhere(cluster, sql: str) -> list:
    """Return what each node answers, once for all when they agree."""
    answers = [cluster.connect(name, "root").rows(sql) for name in NodeName]
    assert answers[0] == answers[1] == answers[2]
    return list(answers[0])


def test_the_newest_of_each_record_stays_and_the_rest_is_archived_on_every_node(old):
    before = everywhere(old, HELD)
    done = pruned(old)
    assert done.archived == 50
    assert done.sentence.startswith("Archived 50 entries up to log id ")
    held, archived = everywhere(old, HELD), everywhere(old, ARCHIVED)
    assert sorted(held + archived) == sorted(before)
    assert done.kept == len(held) == len(before) - 50
    check(old, Book())


def test_what_is_young_stays(old):
    app = old.connect("main")
    for turn in range(3):
        app.run("SET @current_transaction_id = %s", (f"young-{turn}",))
        app.run("UPDATE test_word SET meaning = %s", (f"young {turn}",))
    settled(old)
    assert pruned(old).archived == 50
    young = "SELECT COUNT(*) FROM transaction_log WHERE transaction_id LIKE 'young%'"
    assert everywhere(old, young) == [(30,)]


def test_again_there_is_nothing_to_do(old):
    pruned(old)
    assert pruned(old).sentence.startswith("There is nothing to archive up to log id ")


def test_it_lags_nobody_and_goes_on_where_it_was_interrupted(old):
    """Node B is pruned half, the others not at all."""
    before = {name: old.nodes[name].state().entries for name in NodeName}
    state = old.nodes[NodeName.NODE_B].state()
    pruning.prune(old.nodes[NodeName.NODE_B].connection, state.last_log_id // 2)
    view = observe(old.nodes)
    assert [view.lag_entries(name) for name in NodeName] == [0, 0, 0]
    assert {name: old.nodes[name].state().entries for name in NodeName} == before
    assert old.manage("verify_consistency").returncode == 0
    pruned(old)
    everywhere(old, HELD)
    everywhere(old, ARCHIVED)
    assert old.manage("verify_consistency").returncode == 0


def test_nothing_above_the_commit_watermark_goes(old):
    node = old.nodes[NodeName.MAIN]
    refusal(node.connection, "CALL prune_window(%s)", (node.state().watermark.log_id + 1,), code=45004)


def test_a_failover_and_a_recovery_do_not_miss_what_went(old, operator):
    pruned(old)
    old.kill("main")
    operator.promote_node_a()
    app = old.connect("node_a")
    app.run("SET @current_transaction_id = 'after'")
    app.run("UPDATE test_word SET meaning = 'after' WHERE word = 'w1'")
    old.start("main")
    assert operator.recover("main").replayed == 1
    operator.demote_node_a()
    check(old, Book())


def test_an_orphan_gives_way_to_the_newest_that_stayed(old, operator):
    pruned(old)
    old.replicator.stop()
    app = old.connect("main")
    app.run("SET @current_transaction_id = 'orphaned'")
    app.run("UPDATE test_word SET meaning = 'lost' WHERE word = 'w1'")
    old.kill("main")
    operator.promote_node_a()
    old.replicator.start()
    old.start("main")
    assert operator.recover("main").orphaned == 1
    assert old.connect("main").row("SELECT meaning FROM test_word WHERE word = 'w1'") == ("meaning 4",)
    check(old, Book())


def test_a_node_that_is_rebuilt_takes_the_count_over(old):
    pruned(old)
    done = old.manage("rebuild_node", "node_b", "--yes")
    assert done.returncode == 0, done.stderr
    old.settle()
    states = [old.nodes[name].state() for name in NodeName]
    assert len({(state.entries, state.pruned, state.pruned_entries) for state in states}) == 1
    assert old.manage("verify_consistency").returncode == 0


@pytest.mark.parametrize("away", ["node_b", "main"])
def test_it_is_refused_while_a_node_is_away(old, away):
    old.kill(away)
    with pytest.raises(Refused):
        pruned(old)


def test_it_is_refused_while_a_node_is_behind(old, operator):
    old.kill("main")
    operator.promote_node_a()
    old.start("main")
    with pytest.raises(Refused, match="Main has not joined epoch 2; run recover_main first"):
        pruned(old)


def test_the_application_may_not_touch_the_archive(old):
    pruned(old)
    refusal(old.connect("main"), "DELETE FROM archived_entry", code=1142)


def test_the_command_says_what_it_would_do_and_does_it(old):
    said = old.manage("prune_log", "--dry-run").stdout
    assert "would be archived on each node" in said
    assert everywhere(old, ARCHIVED) == []
    facts = json.loads(old.manage("prune_log", "--keep", "30", "--json").stdout)
    assert facts["archived"] == 50
    refused = old.manage("prune_log", "--keep", "0")
    assert (refused.returncode, refused.stderr.count("last day")) == (1, 1)


def test_old_entries_are_found_by_their_key(old):
    node = old.nodes[NodeName.MAIN].connection
    rows = node.rows(
        "EXPLAIN SELECT `timestamp` < UTC_TIMESTAMP(6) FROM transaction_log WHERE log_id BETWEEN 5 AND 20"
        " ORDER BY log_id LIMIT 1"
    )
    assert rows[0][3:6] == ("range", "PRIMARY", "PRIMARY")
