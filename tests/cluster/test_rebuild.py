"""rebuild_node: an empty or dead node becomes what the primary is, while writes go on."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cluster.actions.failover.failover import promote_node_a
from cluster.actions.maintenance import rebuild as rebuild_module
from cluster.actions.maintenance.setup import check
from cluster.nodes.repair import rebuilding
from cluster.nodes.schema.install import Status
from cluster.protocol.errors import ClusterError, Refused
from cluster.protocol.names import Mode, NodeName
from cluster.replicated import replicated_models
from tests.harness.rebuilds import ADD, Cut, add, compared, cut_after, rebuilt, wait_for_answer

MAIN, NODE_A, NODE_B = NodeName
TABLES = len(replicated_models())


@pytest.fixture
def main(cluster):
    return cluster.connect(MAIN)


@contextmanager
def writers(cluster, work: Callable[[object, int], None], count: int = 4) -> Iterator[None]:
    """Sessions that do `work` (session, round) again and again; an error of theirs fails the test."""
    stop, errors = threading.Event(), []

    def write(number: int) -> None:
        session, turn = cluster.connect(MAIN), number
        try:
            while not stop.is_set():
                work(session, turn)
                turn += count
        except ClusterError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


def test_a_dead_node_is_made_equal(cluster, main):
    add(main, 50)
    cluster.settle()
    root = cluster.connect(NODE_B, "root")
    root.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
    root.run("DELETE FROM test_counter WHERE id % 3 = 0")
    root.run("UPDATE test_counter SET value = 9 WHERE id % 3 = 1")
    root.run("INSERT INTO test_counter VALUES (99, 1, '')")
    root.run("DELETE FROM transaction_log WHERE log_id % 2 = 0")
    done = rebuilt(cluster, NODE_B)
    assert done.sentence == "Node B was rebuilt from Main: 50 rows, 51 log entries."
    cluster.settle()
    assert compared(cluster).equal
    assert cluster.nodes[NODE_B].state().mode is Mode.REPLICA


@pytest.mark.parametrize("name", [NODE_A, NODE_B])
def test_a_node_without_data_is_rebuilt_while_writes_go_on(cluster, main, wipe, name):
    add(main, 30)
    main.many("INSERT INTO test_word VALUES (%s, '')", [(f"w{number}",) for number in range(40)])
    cluster.settle()
    wipe(name)

    def write(session, turn: int) -> None:
        session.run("UPDATE test_counter SET value = value + 1 WHERE id = %s", (turn % 30 + 1,))
        session.run("UPDATE test_word SET meaning = %s WHERE word = %s", (str(turn), f"w{turn % 40}"))
        session.run(ADD, (turn + 100,))
        session.run("DELETE FROM test_counter WHERE id = %s", (turn - 100,))

    with writers(cluster, write):
        rebuilt(cluster, name)
    cluster.settle()
    assert compared(cluster).equal
    state = cluster.nodes[name].state()
    assert (state.mode, state.promised) == (name.following_mode, 1)
    assert {found.status for found in check([name])} == {Status.INSTALLED}


def test_a_row_larger_than_a_window_of_the_log_is_rebuilt(cluster, main, wipe, monkeypatch):
    """Whether its entry stands below the commit watermark or above it."""
    main.run("INSERT INTO test_specimen (id, note) VALUES (1, REPEAT('é', 3000000))")
    cluster.settle()
    wipe(NODE_B)
    begin = rebuilding.cut_log

    def change(connection, watermark: int) -> None:
        main.run("UPDATE test_specimen SET note = CONCAT('x', note)")
        begin(connection, watermark)

    monkeypatch.setattr(rebuilding, "cut_log", change)
    rebuilt(cluster, NODE_B)
    cluster.settle()
    assert compared(cluster).equal


def test_rows_without_a_log_entry_are_rebuilt_too(cluster, main, wipe):
    add(main, 20)
    cluster.settle()
    for name in NodeName:
        cluster.connect(name, "root").run("DELETE FROM transaction_log WHERE log_type = 'ROW'")
    wipe(NODE_B)
    done = rebuilt(cluster, NODE_B)
    assert (done.rows, done.entries) == (20, 1)
    assert compared(cluster).equal


def test_unique_values_that_change_hands_on_the_way(cluster, main, wipe, monkeypatch):
    monkeypatch.setattr(rebuild_module, "SPAN", 10)
    main.many("INSERT INTO test_specimen (id, slot) VALUES (%s, %s)", [(n, n) for n in range(1, 41)])
    cluster.settle()
    wipe(NODE_B)

    def rotate(session, turn: int) -> None:
        one, two = turn * 13 % 40 + 1, turn * 29 % 40 + 1
        slots = "(SELECT slot FROM test_specimen WHERE id = %s)"
        if one == two:
            return
        session.run("START TRANSACTION")
        session.run(f"SET @one = {slots}, @two = {slots}", (one, two))
        session.run("UPDATE test_specimen SET slot = NULL WHERE id = %s", (one,))
        session.run("UPDATE test_specimen SET slot = @one WHERE id = %s", (two,))
        session.run("UPDATE test_specimen SET slot = @two WHERE id = %s", (one,))
        session.run("COMMIT")

    with writers(cluster, rotate, count=1):
        rebuilt(cluster, NODE_B)
    cluster.settle()
    assert compared(cluster).equal


@pytest.mark.parametrize("ticks", [0, 6, 12])
def test_cut_off_and_run_again_it_ends_in_the_same_state(cluster, main, wipe, monkeypatch, ticks):
    monkeypatch.setattr(rebuild_module, "SPAN", 10)
    add(main, 60)
    cluster.settle()
    for node in cluster.nodes.values():
        node.verify(40)
    wipe(NODE_B)
    with pytest.raises(Cut):
        rebuilt(cluster, NODE_B, progress=cut_after(ticks))
    add(main, 5, first=100)
    main.run("UPDATE test_counter SET value = 3 WHERE id < 10")
    main.run("DELETE FROM test_counter WHERE id = 11")
    for _ in range(2):
        done = rebuilt(cluster, NODE_B)
        assert (done.rows, done.entries) == (64, 76)
    cluster.settle()
    assert compared(cluster).equal


def test_killed_half_way_the_command_goes_on(cluster, main, wipe):
    for first in range(0, 3000, 1000):
        add(main, 1000, first)
    cluster.settle(timeout=30.0)
    wipe(NODE_B)
    process = cluster.popen("rebuild_node", "node_b", "--yes")
    root = cluster.connect(NODE_B, "root")
    wait_for_answer(lambda: root.rows("SELECT 1 FROM transaction_log LIMIT 1"))
    process.kill()
    process.wait()
    assert cluster.nodes[NODE_B].state().promised == -1
    done = cluster.manage("rebuild_node", "node_b", "--yes")
    assert done.stdout == "Node B was rebuilt from Main: 3000 rows, 3001 log entries.\n"
    cluster.settle()
    assert compared(cluster).equal


def test_what_is_right_already_is_not_copied_again(cluster, main, monkeypatch):
    add(main, 20)
    cluster.settle()
    copied = []
    monkeypatch.setattr(rebuilding, "copy_rows", lambda *found: copied.append(found))
    monkeypatch.setattr(rebuilding, "copy_entries", lambda *found: copied.append(found))
    rebuilt(cluster, NODE_B)
    assert copied == []


# Refusals, orphans, odd tables


def test_the_primary_is_not_rebuilt(cluster):
    with pytest.raises(Refused, match="Main takes the writes itself"):
        rebuilt(cluster, MAIN)


def test_nothing_is_rebuilt_without_a_primary(cluster):
    cluster.replicator.stop()
    cluster.kill(MAIN)
    with pytest.raises(Refused, match="no node takes writes now"):
        rebuilt(cluster, NODE_B)


def test_a_node_that_is_down_cannot_be_rebuilt(cluster):
    cluster.kill(NODE_B)
    done = cluster.manage("rebuild_node", "node_b", "--yes")
    assert done.returncode == 1
    assert "Node B does not answer" in done.stderr


def test_entries_that_only_the_node_has_become_orphans(cluster, main):
    add(main, 5)
    cluster.settle()
    cluster.replicator.stop()
    main.run("UPDATE test_counter SET value = 7 WHERE id = 2")
    cluster.kill(MAIN)
    promote_node_a(cluster.nodes, reason="a test", lease_seconds=cluster.conf.lease_seconds)
    cluster.start(MAIN)
    cluster.replicator.start()
    done = rebuilt(cluster, MAIN)
    assert (done.source, done.orphaned) == (NODE_A, 1)
    assert cluster.nodes[MAIN].state().mode is Mode.RECOVERING
    cluster.settle()
    assert compared(cluster).equal
    filed = cluster.connect(NODE_B).rows("SELECT record_id, new_value FROM orphaned_transaction")
    assert [(record, json.loads(new)["value"]) for record, new in filed] == [("2", 7)]


def test_a_table_of_another_shape_is_made_anew(cluster, main):
    add(main, 5)
    cluster.settle()
    cluster.connect(NODE_B, "root").run("ALTER TABLE test_counter DROP COLUMN writer")
    main.run("UPDATE test_counter SET writer = 'x' WHERE id = 1")
    rebuilt(cluster, NODE_B)
    cluster.settle()
    assert compared(cluster).equal


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("ALTER COLUMN writer SET DEFAULT 'nobody'", "ALTER COLUMN writer DROP DEFAULT"),
        ("ADD UNIQUE INDEX apart (value, id)", "DROP INDEX apart"),
        ("ADD CONSTRAINT small CHECK (value < 1000)", "DROP CONSTRAINT small"),
        ("ADD CONSTRAINT refers FOREIGN KEY (id) REFERENCES test_counter (id)", "DROP CONSTRAINT refers"),
        ("MODIFY COLUMN writer varchar(64) NOT NULL AFTER id", "MODIFY COLUMN writer varchar(64) NOT NULL AFTER value"),
    ],
)  # fmt: skip
def test_a_table_is_defined_as_on_the_primary(cluster, main, change, back):
    """Whatever the models say: migrations of the past leave defaults, hands leave keys."""
    add(main, 5)
    cluster.settle()
    roots = [cluster.connect(name, "root") for name in (MAIN, NODE_A)]
    try:
        for root in roots:
            root.run(f"SET foreign_key_checks = 0; ALTER TABLE test_counter {change}")
        assert compared(cluster).objects
        rebuilt(cluster, NODE_B)
        assert compared(cluster).equal
    finally:
        for root in [*roots, cluster.connect(NODE_B, "root")]:
            root.run(f"SET foreign_key_checks = 0; ALTER TABLE test_counter {back}")


def test_one_rebuild_at_a_time(cluster, main):
    other = cluster.fresh_nodes()[NODE_B]
    rebuilding.lock_rebuild(other.connection)
    with pytest.raises(Refused, match="being rebuilt by another process"):
        rebuilt(cluster, NODE_B)


# The command


def test_the_command_asks_first(cluster):
    done = cluster.manage("rebuild_node", "node_b", input="n\n")
    assert done.returncode == 1
    assert "Nothing was done." in done.stderr


def test_the_command_says_what_the_node_holds(cluster, main):
    add(main, 3)
    cluster.settle()
    done = cluster.manage("rebuild_node", "node_b", "--yes")
    assert done.stdout == "Node B was rebuilt from Main: 3 rows, 4 log entries.\n"
    answer = json.loads(cluster.manage("rebuild_node", "node_b", "--yes", "--json").stdout)
    assert answer == {
        "node": "node_b", "source": "main", "rows": 3, "entries": 4, "orphaned": 0, "unlinked": [],
    }  # fmt: skip


@pytest.mark.timeout(180)
def test_a_node_is_rebuilt_with_the_collations_of_the_primary(cluster, main):
    """Keys that are two on the primary and one by the rules of a new node."""
    alter = "ALTER TABLE test_word CONVERT TO CHARACTER SET utf8mb4 COLLATE {}"
    cluster.settle()
    roots = [cluster.connect(name, "root") for name in NodeName]
    try:
        for root in roots[:2]:
            root.run(alter.format("utf8mb4_general_ci"))
        main.many("INSERT INTO test_word VALUES (%s, '')", [("ss",), ("\u00df",), ("st",)])
        rebuilt(cluster, NODE_B)
        words = "SELECT word, COLLATION(word) FROM test_word ORDER BY HEX(word)"
        assert cluster.connect(NODE_B).rows(words) == main.rows(words)
        assert main.row("SELECT COUNT(*) FROM test_word") == (3,)
        assert compared(cluster).equal
        triggers = [f for f in check([NODE_B]) if f.kind == "TRIGGER" and f.name.startswith("test_word")]
        assert {found.status for found in triggers} == {Status.INSTALLED}
        main.run("DELETE FROM test_word")  # by sessions that stored rows before the tables were altered
        cluster.settle()
        for root in roots:
            assert root.row(
                "SELECT (SELECT COUNT(*) FROM test_word), (SELECT COUNT(*) FROM quarantined_entry)"
            ) == (0, 0)
    finally:
        for root in roots:
            root.run("TRUNCATE TABLE test_word")
            root.run(alter.format("utf8mb4_uca1400_ai_ci"))
