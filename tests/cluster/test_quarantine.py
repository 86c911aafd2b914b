"""A row that a follower cannot store is isolated there; the log, and with it every acknowledgement, goes on."""

import json

import pytest

from cluster.actions.failover.switchover import switchover
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.sentences import HEALTHY
from tests.harness.commands import take_turns
from tests.harness.sql import dump, refusal

FOLLOWERS = (NodeName.NODE_A, NodeName.NODE_B)


def write(app, sql: str, name: str) -> None:
    """One acknowledged transaction."""
    app.run("SET @current_transaction_id = %s", (name,))
    app.run(sql)
    app.rows("CALL await_acknowledgement(%s, 5)", (name,))


def dumps(cluster, table: str) -> list[list[str]]:
    """Return a table on every node."""
    return [dump(cluster.connect(name, "cluster"), table) for name in NodeName]


def assert_alike(cluster, table: str, *, rows: int) -> None:
    """Assert that every node has the same rows, so many."""
    cluster.settle()
    kept, *others = dumps(cluster, table)
    assert len(kept) == rows
    assert others == [kept, kept]


class TestLenientSessions:
    """What a session of the application can store, every follower stores, whatever its own checks say."""

    @pytest.mark.parametrize(
        ("setting", "change"),
        [
            ("check_constraint_checks = 0", "data = 'not json'"),
            ("sql_mode = 'ALLOW_INVALID_DATES'", "found_on = '2024-02-31'"),
            ("sql_mode = ''", "found_on = '0000-00-00', found_at = '2024-00-00 01:02:03'"),
            ("sql_mode = ''", "name = REPEAT('x', 200), balance = 1e30"),
            ("foreign_key_checks = 0", "shelf_id = 4711"),
            ("time_zone = '-11:00'", "stamp = '2024-03-31 02:30:00'"),
        ],
    )
    def test_the_cluster_goes_on(self, cluster, setting, change):
        app, other = cluster.connect("main"), cluster.connect("main")
        write(app, "INSERT INTO test_specimen (id, note) VALUES (1, 'before'), (2, 'beside')", "before")
        app.run(f"SET SESSION {setting}")
        write(app, f"UPDATE test_specimen SET {change} WHERE id = 1", "odd")
        write(other, "INSERT INTO test_counter VALUES (1, 1, '')", "beside")
        write(other, "UPDATE test_specimen SET note = 'later' WHERE id = 2", "later")
        cluster.settle()
        first, *others = dumps(cluster, "test_specimen")
        assert others == [first, first]
        assert [quarantined(cluster.nodes[name].connection) for name in FOLLOWERS] == [[], []]

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("choice", "'no member'"), ("choice", "''"), ("choices", "'a,no member'"), ("year", "0"),
            ("stamp", "'0000-00-00'"), ("exact", "12345678901234567890123456789012345.123456789012345678901234567891"),
            ("large", "18446744073709551615"), ("span", "'-838:59:59'"), ("fixed", "'a  '"), ("blob", "0x00FF"),
            ("limited", "-1"),
        ],
    )  # fmt: skip
    def test_what_is_no_value_of_its_type_is_stored_alike(self, cluster, column, value):
        app = cluster.connect("main")
        app.run("SET SESSION sql_mode = '', check_constraint_checks = 0")
        write(app, f"INSERT INTO test_oddity (`key`, `{column}`) VALUES ('a', {value})", "odd")
        cluster.settle()
        shown = f"SELECT `{column}`, `{column}` + 0, HEX(CAST(`{column}` AS BINARY)) FROM test_oddity"
        first, *others = (cluster.connect(name, "cluster").rows(shown) for name in NodeName)
        assert others == [first, first]
        assert [cluster.nodes[name].state().quarantined for name in FOLLOWERS] == [0, 0]

    @pytest.mark.parametrize(
        ("table", "change"),
        [
            ("test_shelf", "UPDATE IGNORE test_shelf SET name = 'taken'"),
            ("test_shelf", "UPDATE IGNORE test_shelf SET id = 5"),
            ("test_word", "UPDATE IGNORE test_word SET word = 'taken', meaning = 'new'"),
            ("test_specimen", "UPDATE IGNORE test_specimen SET slot = 7, note = 'new'"),
            ("test_specimen", "UPDATE IGNORE test_specimen SET shelf_id = 4711"),
        ],
    )
    def test_a_change_that_was_ignored_is_not_in_the_log(self, cluster, table, change):
        """The server fires the trigger of an UPDATE IGNORE for rows that it left as they were, too."""
        app = cluster.connect("main")
        write(app, "INSERT INTO test_shelf (id, name) VALUES (1, 'one'), (2, 'two'), (3, 'three')", "shelves")
        write(app, "INSERT INTO test_word VALUES ('one', ''), ('two', ''), ('three', '')", "words")
        write(app, "INSERT INTO test_specimen (id, slot) VALUES (1, 1), (2, 2), (3, 3)", "specimens")
        write(app, change, "ignored")
        cluster.settle()
        first, *others = dumps(cluster, table)
        assert others == [first, first]
        assert [cluster.nodes[name].state().quarantined for name in FOLLOWERS] == [0, 0]


class TestKeys:
    """Rows are found by their keys with the types and collations that the keys have."""

    def test_large_numbers_in_a_key_of_several_columns(self, cluster):
        app, first = cluster.connect("main"), 2**60
        values = ", ".join(f"('x', {first + step}, '')" for step in range(300))
        write(app, f"INSERT INTO test_snowflake VALUES {values}", "many")
        gone = ", ".join(str(first + step) for step in range(0, 300, 2))
        write(app, f"DELETE FROM test_snowflake WHERE number IN ({gone})", "half")
        assert_alike(cluster, "test_snowflake", rows=150)

    def test_long_decimals(self, cluster):
        app = cluster.connect("main")
        digits = "123456789012345678901234567890.000000000"
        values = ", ".join(f"({digits}{step}, '')" for step in range(10))
        write(app, f"INSERT INTO test_amount VALUES {values}", "ten")
        write(app, f"DELETE FROM test_amount WHERE amount IN ({digits}3, {digits}7)", "two")
        assert_alike(cluster, "test_amount", rows=8)

    def test_the_highest_of_several_generated_keys_is_counted(self, cluster):
        app = cluster.connect("main")
        write(app, "INSERT INTO test_specimen (id) VALUES (9), (10)", "two")
        write(app, "DELETE FROM test_specimen", "none")
        cluster.settle()
        switchover(cluster.nodes, NodeName.NODE_A, reason="A test.", lease_seconds=3.0)
        app = cluster.connect("node_a")
        write(app, "INSERT INTO test_specimen (note) VALUES ('next')", "next")
        assert app.rows("SELECT id FROM test_specimen") == ((11,),)

    @pytest.mark.parametrize("late", [0, 1, 2, 3])
    def test_keys_that_are_equal_by_collation(self, cluster, late):
        """One transaction comes after those that followed it, as from a writer that carries its own."""
        cluster.settle()
        cluster.replicator.stop()
        app, main = cluster.connect("main"), cluster.nodes[NodeName.MAIN]
        take_turns(
            app,
            "INSERT INTO test_word VALUES ('a', 'first')",
            "DELETE FROM test_word WHERE word = 'a'",
            "INSERT INTO test_word VALUES ('A', 'second')",
            "UPDATE test_word SET word = 'a', meaning = 'third'",
        )
        entries = main.read_log(1, 100).entries
        held_back = [entry for entry in entries if entry.transaction_id == f"turn-{late}"]
        vice = cluster.nodes[NodeName.NODE_A]
        vice.append(1, [entry for entry in entries if entry not in held_back], boundary=False)
        vice.append(1, held_back, boundary=False)
        assert vice.connection.rows("SELECT word, meaning FROM test_word") == (("a", "third"),)
        assert quarantined(vice.connection) == []


class TestQuarantine:
    """What a follower cannot store at all."""

    @pytest.fixture
    def narrow(self, cluster):
        """Give a follower whose table lacks a column, as after a migration that went wrong."""
        cluster.settle()
        root = cluster.connect("node_a", "root")
        root.run("ALTER TABLE test_word DROP COLUMN meaning")
        yield cluster
        root.run("ALTER TABLE test_word ADD COLUMN IF NOT EXISTS meaning varchar(80) NOT NULL")

    def test_others_are_acknowledged_and_the_node_is_named_and_not_promoted(self, narrow):
        app = narrow.connect("main")
        write(app, "INSERT INTO test_word VALUES ('a', 'one'), ('b', 'two')", "odd")
        write(app, "INSERT INTO test_counter VALUES (1, 1, '')", "plain")
        narrow.settle()
        vice = narrow.nodes[NodeName.NODE_A]
        held = quarantined(vice.connection)
        assert [(entry.record_id, entry.transaction_id) for entry in held] == [("a", "odd"), ("b", "odd")]
        assert "meaning" in held[0].reason
        assert vice.connection.rows("SELECT id FROM test_counter") == ((1,),)
        assert vice.state().unfit == "2 rows are quarantined on Node A: run quarantine list node_a."
        with pytest.raises(Refused, match=r"2 rows are quarantined on Node A"):
            switchover(narrow.nodes, NodeName.NODE_A, reason="A test.", lease_seconds=3.0)
        assert narrow.primary() is NodeName.MAIN
        status = narrow.manage("cluster_status", "--json")
        facts = json.loads(status.stdout)
        assert facts["nodes"]["node_a"]["quarantined"] == 2
        assert "2 rows are quarantined on Node A" in facts["sentence"]

    def test_a_retry_ends_it_once_the_cause_is_mended(self, narrow):
        write(narrow.connect("main"), "INSERT INTO test_word VALUES ('a', 'one')", "odd")
        narrow.settle()
        listed = narrow.manage("quarantine", "list")
        assert "test_word" in listed.stdout
        assert "odd" in listed.stdout
        early = narrow.manage("quarantine", "retry", "node_a")
        assert early.returncode == 1
        assert "Node A stored 0 of 1 quarantined rows." in early.stdout
        narrow.connect("node_a", "root").run("ALTER TABLE test_word ADD COLUMN meaning varchar(80) NOT NULL")
        done = narrow.manage("quarantine", "retry", "node_a")
        assert (done.returncode, done.stdout.strip()) == (0, "Node A stored all 1 quarantined rows.")
        first, *others = dumps(narrow, "test_word")
        assert others == [first, first]
        assert narrow.manage("check_main_health").stdout.strip() == HEALTHY

    def test_a_later_entry_of_the_record_ends_it_too(self, narrow):
        app = narrow.connect("main")
        write(app, "INSERT INTO test_word VALUES ('a', 'one')", "odd")
        narrow.settle()
        vice = narrow.nodes[NodeName.NODE_A]
        assert vice.state().quarantined == 1
        write(app, "DELETE FROM test_word", "gone")
        narrow.settle()
        assert vice.state().quarantined == 0

    def test_a_table_that_a_node_does_not_know(self, cluster):
        cluster.settle()
        vice = cluster.nodes[NodeName.NODE_A]
        entry = cluster.nodes[NodeName.MAIN].read_log(0, 1).entries[0]
        strange = entry._replace(
            log_id=99,
            log_type="ROW",
            operation_type="INSERT",
            table_name="no_such_table",
            new_value='{"id": 1}',
        )
        vice.append(1, [strange], boundary=False)
        assert [held.reason for held in quarantined(vice.connection)] == [
            "this node has no such replicated table: set it up again"
        ]

    @pytest.mark.parametrize("image", [None, "", "{", '{"id": 2}', '{"id": 2, "value": "x", "writer": ""}'])
    def test_an_image_that_is_none_is_never_stored(self, cluster, image):
        """Nor is the row deleted that it should have been."""
        app = cluster.connect("main")
        write(app, "INSERT INTO test_counter VALUES (1, 1, ''), (2, 2, '')", "two")
        cluster.settle()
        cluster.replicator.stop()
        vice = cluster.nodes[NodeName.NODE_A]
        entry = cluster.nodes[NodeName.MAIN].read_log(1, 10).entries[-1]
        broken = entry._replace(
            log_id=entry.log_id + 50, transaction_id="broken", operation_type="UPDATE", new_value=image
        )
        vice.append(1, [broken], boundary=False)
        assert vice.connection.rows("SELECT id, value FROM test_counter ORDER BY 1") == ((1, 1), (2, 2))
        assert vice.state().quarantined == (0 if image == '{"id": 2}' else 1)

    def test_a_value_that_would_be_cut_is_quarantined_not_cut(self, cluster):
        cluster.settle()
        root = cluster.connect("node_b", "root")
        root.run("ALTER TABLE test_word MODIFY meaning varchar(3) NOT NULL")
        try:
            write(cluster.connect("main"), "INSERT INTO test_word VALUES ('a', 'long')", "long")
            cluster.settle()
            held = quarantined(cluster.nodes[NodeName.NODE_B].connection)
            assert [entry.reason for entry in held] == ["stored as something else: meaning (45004)"]
        finally:
            root.run("ALTER TABLE test_word MODIFY meaning varchar(80) NOT NULL")

    def test_the_sql_console_does_not_promote_it_either(self, narrow):
        write(narrow.connect("main"), "INSERT INTO test_word VALUES ('a', 'one')", "odd")
        narrow.settle()
        narrow.replicator.stop()
        narrow.kill("main")
        told = refusal(narrow.connect("node_a", "cluster", 20.0), "CALL promote_to_acting_master()")
        assert "1 row is quarantined on Node A: run quarantine list node_a." in told
