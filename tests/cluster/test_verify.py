"""verify_consistency: what differs is named, what is on its way is not, and --repair puts it right."""

import json
import threading

import pytest

from cluster.actions.steps.observe import observe
from cluster.actions.verification import compare_log, compare_tables
from cluster.actions.verification.repair import repair
from cluster.actions.verification.verify import Verification, verify
from cluster.nodes.repair import comparing, row_snapshots
from cluster.nodes.repair.comparing import LOG_TABLE, Span, log_span
from cluster.nodes.schema.shape import shape
from cluster.protocol.differences import LOG, Difference, Kind
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models
from tests.harness.sql import dump

MAIN, NODE_A, NODE_B = NodeName
ADD = "INSERT INTO test_counter VALUES (%s, 0, '')"
SPECIMEN = (
    "INSERT INTO test_specimen (id, price, found_on, found_at, time_of_day, weight, single, bits, data, photo,"
    " name, note, code, genuine, serial, balance) VALUES (1, 1.5, '2020-02-29', '2020-02-29 12:00:00.000001',"
    " '23:59:59.999999', 0.3, 0.1, b'1', '{\"a\": 1}', x'00FF', 'Jupiter', NULL,"
    " '0a0b0c0d-0000-4000-8000-000000000000', TRUE, 18446744073709551615, -1)"
)


class Found(list[Difference]):
    """The differences that a comparison tells, and its result."""

    result: Verification

    def __init__(self, cluster, settle: float = 1.0) -> None:
        super().__init__()
        self.view = observe(cluster.nodes)
        self.result = verify(cluster.nodes, self.view, on_difference=self.append, settle=settle)

    @property
    def sentences(self) -> list[str]:
        """Sorted, since nodes are compared in no order."""
        return sorted(item.sentence for item in self)


@pytest.fixture
def root(cluster):
    """Gives a session that writes past guard and log on a node, as root can."""

    def session(name: NodeName):
        connection = cluster.connect(name, "root")
        connection.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
        return connection

    return session


@pytest.fixture
def main(cluster):
    return cluster.connect(MAIN)


def add(main, count: int) -> None:
    main.many(ADD, [(number,) for number in range(1, count + 1)])


def repaired(cluster) -> str:
    """Repair what differs; the sentence of the repair."""
    found = Found(cluster)
    return repair(cluster.nodes, found.view, found).sentence


def test_equal_nodes_are_said_to_be_equal(cluster, main):
    add(main, 30)
    cluster.settle()
    found = Found(cluster)
    size = f"30 rows in {len(replicated_models())} tables and 31 log entries"
    assert found.result.sentence == f"All nodes are equal: {size} on each node."
    assert found.result.equal
    assert found == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE test_counter SET value = 7, writer = 'x' WHERE id = 3", "different: value, writer"),
        ("DELETE FROM test_counter WHERE id = 3", "missing"),
    ],
)
def test_a_row_written_past_the_guard_is_named_and_repaired(cluster, main, root, damage, told):
    add(main, 5)
    cluster.settle()
    root(NODE_B).run(damage)
    assert Found(cluster).sentences == [f"test_counter 3 on Node B: {told}, against its own log"]
    assert repaired(cluster) == "Repaired 1 rows and 0 log entries."
    assert Found(cluster).result.equal


def test_a_value_that_no_image_holds_is_compared_as_it_is_stored(cluster, main, root):
    main.run(SPECIMEN)
    cluster.settle()
    node_b = root(NODE_B)
    # The server computes a generated column itself, so that no image carries it.
    node_b.run("ALTER TABLE test_specimen MODIFY doubled BIGINT")
    try:
        node_b.run("UPDATE test_specimen SET doubled = 5 WHERE id = 1")
        assert Found(cluster).sentences == ["test_specimen 1 on Node B: different: doubled"]
    finally:
        node_b.run("ALTER TABLE test_specimen MODIFY doubled BIGINT AS (slot * 2) PERSISTENT")


def test_a_row_that_only_a_replica_has_is_extra(cluster, main, root):
    add(main, 1)
    cluster.settle()
    root(NODE_A).run(ADD, (99,))
    assert Found(cluster).sentences == ["test_counter 99 on Node A: extra"]
    assert repaired(cluster) == "Repaired 1 rows and 0 log entries."
    assert Found(cluster).result.equal


@pytest.mark.parametrize(
    "change",
    [
        "price = 1.5000000001",
        "found_on = '2020-02-28'",
        "found_at = '2020-02-29 12:00:00.000002'",
        "time_of_day = '23:59:59.999998'",
        "weight = 0.30000000000000004",
        "single = 0.10000001",
        "bits = b'10'",
        "data = '{\"a\":1}'",
        "photo = x'00FE'",
        "photo = ''",
        "name = 'jupiter'",
        "name = 'Jupiter '",
        "name = 'Jupit\u00e9r'",
        "name = 'Jupiter\U0001f600'",
        "note = 'NULL'",
        "note = ''",
        "code = '0a0b0c0d-0000-4000-8000-000000000001'",
        "genuine = FALSE",
        "serial = 18446744073709551614",
        "balance = 1",
    ],
)
def test_the_smallest_change_of_any_column_is_seen(cluster, main, root, change):
    main.run(SPECIMEN)
    cluster.settle()
    root(NODE_B).run(f"UPDATE test_specimen SET {change} WHERE id = 1")
    column = change.split(" = ")[0]
    assert [(item.key, item.columns) for item in Found(cluster)] == [("1", (column,))]
    repaired(cluster)
    assert dump(cluster.connect(NODE_B, "root"), "test_specimen") == dump(main, "test_specimen")


def test_equal_by_collation_is_not_equal(cluster, main, root):
    main.many("INSERT INTO test_word VALUES (%s, '')", [("alpha",), ("beta",)])
    cluster.settle()
    root(NODE_B).run("UPDATE test_word SET word = 'ALPHA' WHERE word = 'alpha'")
    root(NODE_A).run("UPDATE test_word SET word = 'beta ' WHERE word = 'beta'")
    assert Found(cluster).sentences == [
        "test_word ALPHA on Node B: extra",
        "test_word alpha on Node B: missing, against its own log",
        "test_word beta  on Node A: extra",
        "test_word beta on Node A: missing, against its own log",
    ]
    repaired(cluster)
    assert Found(cluster).result.equal


def test_rows_with_a_key_of_two_columns_are_compared(cluster, main, root, monkeypatch):
    monkeypatch.setattr(compare_tables, "ROWS", 3)
    main.many("INSERT INTO test_label VALUES (%s, %s, '')", [(s, p) for s in "abc" for p in range(5)])
    cluster.settle()
    assert Found(cluster).result.equal
    root(NODE_B).run("DELETE FROM test_label WHERE shelf = 'b' AND position IN (1, 4)")
    root(NODE_B).run("INSERT INTO test_label VALUES ('b', 9, '')")
    assert [(item.key, item.kind) for item in Found(cluster)] == [
        ('["b", "1"]', Kind.MISSING),
        ('["b", "4"]', Kind.MISSING),
        ('["b", "9"]', Kind.EXTRA),
    ]
    repaired(cluster)
    assert Found(cluster).result.equal


def test_a_unique_value_that_changed_hands_is_put_right(cluster, main, root):
    main.many("INSERT INTO test_specimen (id, slot) VALUES (%s, %s)", [(1, 10), (2, 20), (3, 30)])
    cluster.settle()
    damaged = root(NODE_B)
    for number, slot in [(1, 99), (2, 10), (3, 20), (1, 30)]:
        damaged.run("UPDATE test_specimen SET slot = %s WHERE id = %s", (slot, number))
    assert len(Found(cluster)) == 3
    repaired(cluster)
    assert Found(cluster).result.equal


def test_spans_hold_no_more_than_twice_the_rows_of_one(cluster, main, root, monkeypatch):
    monkeypatch.setattr(compare_tables, "ROWS", 4)
    monkeypatch.setattr(compare_log, "ENTRIES", 4)
    add(main, 10)
    cluster.settle()
    root(NODE_B).many(ADD, [(number,) for number in range(100, 150)])
    sizes = []
    real = comparing.digests

    def counted(connection, table, span):
        found = real(connection, table=table, span=span)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(comparing, "digests", counted)
    assert len(Found(cluster)) == 50
    assert max(sizes) <= 8


def test_all_differences_of_a_table_are_listed(cluster, main, root):
    add(main, 60)
    cluster.settle()
    root(NODE_B).run("DELETE FROM test_counter WHERE id <= 50")
    done = cluster.manage("verify_consistency", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert [answer[key] for key in ("equal", "reference", "rows", "entries")] == [False, "main", 60, 61]
    assert [item["key"] for item in answer["differences"]] == sorted(map(str, range(1, 51)))
    shown = cluster.manage("verify_consistency")
    assert shown.stdout.splitlines()[-1] == "... and 30 more; --json lists all."
    assert "50 rows and 0 log entries differ." in shown.stderr


def test_scenario_35_with_the_command(cluster, main, root):
    add(main, 3)
    cluster.settle()
    root(NODE_B).run("UPDATE test_counter SET value = 5 WHERE id = 2")
    done = cluster.manage("verify_consistency", "--repair")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "test_counter 2 on Node B: different: value, against its own log",
        "Repaired 1 rows and 0 log entries.",
        f"All nodes are equal: 3 rows in {len(replicated_models())} tables and 4 log entries on each node.",
    ]


def test_a_row_of_the_primary_that_its_log_does_not_know_becomes_a_write(cluster, main, root):
    add(main, 3)
    cluster.settle()
    rogue = root(MAIN)
    rogue.run("UPDATE test_counter SET value = 8 WHERE id = 1")
    rogue.run("DELETE FROM test_counter WHERE id = 2")
    assert Found(cluster).sentences == [
        "test_counter 1 on Main: different: value, against its own log",
        "test_counter 2 on Main: missing, against its own log",
    ]
    assert repaired(cluster) == "Repaired 2 rows and 0 log entries."
    cluster.settle()
    assert Found(cluster).result.equal
    rows = cluster.connect(NODE_B).rows("SELECT id, value FROM test_counter ORDER BY id")
    assert rows == ((1, 8), (3, 0))


# The log


@pytest.fixture
def verified(cluster, main):
    """Ten rows whose entries are below the commit watermark of every node."""
    add(main, 10)
    cluster.settle()
    end = main.row("SELECT MAX(log_id) FROM transaction_log")[0]
    for node in cluster.nodes.values():
        node.verify(end)
    return end


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


# What is on its way


def test_lag_is_no_difference(cluster, main):
    add(main, 3)
    cluster.settle()
    cluster.replicator.stop()
    main.run("UPDATE test_counter SET value = 1 WHERE id = 1")
    main.run(ADD, (4,))
    main.run("DELETE FROM test_counter WHERE id = 2")
    found = Found(cluster, settle=0.2)
    assert found == []
    assert found.result.lag == {NODE_A: 3, NODE_B: 3}
    assert not found.result.equal
    assert "Node B lacks the last 3 log entries." in found.result.sentence
    cluster.replicator.start()
    cluster.settle()
    assert Found(cluster).result.equal


def test_damage_is_found_beside_lag(cluster, main, root):
    add(main, 3)
    cluster.settle()
    cluster.replicator.stop()
    main.run("UPDATE test_counter SET value = 1 WHERE id = 1")
    root(NODE_B).run("UPDATE test_counter SET value = 2 WHERE id = 1")
    found = Found(cluster, settle=0.2)
    assert found.sentences == ["test_counter 1 on Node B: different: value, against its own log"]


def test_nodes_are_equal_while_writes_go_on(cluster, main):
    add(main, 5)
    stop = threading.Event()

    def write(number: int) -> None:
        own = cluster.connect(MAIN)
        while not stop.is_set():
            own.run("UPDATE test_counter SET value = value + 1 WHERE id = %s", (number % 5 + 1,))
            own.run("REPLACE INTO test_word VALUES (%s, %s)", (f"w{number}", str(number)))
            own.run("DELETE FROM test_word WHERE word = %s", (f"w{number}",))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    try:
        results = [Found(cluster, settle=3.0) for _ in range(10)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert [found.result.sentence for found in results if not found.result.equal] == []
    assert results[-1].result.entries > results[0].result.entries


# Nodes and tables that cannot be compared


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


# Plans


def plan(connection, sql: str, params) -> set[tuple[str, str]]:
    """How each table of a statement is read: (access type, index)."""
    return {
        (row[3], row[5])
        for row in connection.rows(f"EXPLAIN {sql}", params)
        if row[2] and not row[2].startswith("<union")
    }


def test_every_statement_is_an_index_range(cluster, main):
    add(main, 300)
    main.many("INSERT INTO test_label VALUES (%s, %s, '')", [("a", n) for n in range(300)])
    root = cluster.connect(MAIN, "root")
    root.run("ANALYZE TABLE test_counter, test_label, transaction_log")
    shapes = {model._meta.db_table: shape(model) for model in replicated_models()}
    for table, span in [
        (comparing.comparable(shapes["test_counter"]), Span((20,), (40,))),
        (comparing.comparable(shapes["test_label"]), Span(("a", 20), ("a", 40))),
        (LOG_TABLE, log_span(20, 40)),
    ]:
        condition, params = comparing.within(table, span)
        sql = (
            f"SELECT BIT_XOR({table.digest}) FROM `{table.name}` AS t FORCE INDEX (PRIMARY) WHERE {condition}"
        )
        assert plan(root, sql, params) == {("range", "PRIMARY")}
    sql, params = row_snapshots.images_query(shapes["test_label"], ['["a", "7"]', '["a", "9"]'])
    assert plan(root, sql, params) == {("range", "PRIMARY")}
    sql = row_snapshots.NEWEST.format("%s, %s")
    assert plan(root, sql, ["test_counter", "1", "2"]) == {("range", "transaction_log_record")}
