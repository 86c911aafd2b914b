"""verify_consistency: rows that differ are named, and --repair puts them right."""

import json

import pytest

from cluster.actions.verification import compare_log, compare_tables
from cluster.nodes.repair import comparing
from cluster.protocol.differences import Kind
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models
from tests.harness.comparison import ADD, Found, add, repaired
from tests.harness.sql import dump

MAIN, NODE_A, NODE_B = NodeName
SPECIMEN = (
    "INSERT INTO test_specimen (id, price, found_on, found_at, time_of_day, weight, single, bits, data, photo,"
    " name, note, code, genuine, serial, balance) VALUES (1, 1.5, '2020-02-29', '2020-02-29 12:00:00.000001',"
    " '23:59:59.999999', 0.3, 0.1, b'1', '{\"a\": 1}', x'00FF', 'Jupiter', NULL,"
    " '0a0b0c0d-0000-4000-8000-000000000000', TRUE, 18446744073709551615, -1)"
)


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
