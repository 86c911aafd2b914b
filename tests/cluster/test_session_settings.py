"""No setting of a writer's session makes a follower hold something else, or nothing: it is carried or refused."""

import pytest

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.sql import dump, row_entries

TABLES = ("test_shelf", "test_specimen", "test_word", "test_counter")
UNCHECKED = "unique_checks = 0, foreign_key_checks = 0"
MANY = "INSERT INTO test_shelf (name) VALUES " + ", ".join(f"('shelf {n}')" for n in range(3000))


def equal(cluster) -> None:
    """Every node holds the same rows."""
    cluster.settle()
    for table in TABLES:
        main, node_a, node_b = (dump(cluster.connect(name, "root"), table) for name in NodeName)
        assert main == node_a == node_b, table


def attempt(app: Connection, *statements: str) -> list[int]:
    """Return the error numbers of those statements that the server refuses."""
    refused = []
    for statement in statements:
        try:
            app.rows(statement)
        except NodeFailed as error:
            refused.append(error.code)
    return refused


@pytest.mark.parametrize("statements", [
    ["INSERT INTO test_shelf (name) VALUES ('a'), ('b'), ('a')"],
    ["START TRANSACTION", MANY, "INSERT INTO test_shelf (name) VALUES ('shelf 7')", "COMMIT"],
    ["START TRANSACTION", MANY, "INSERT INTO test_shelf (name) VALUES ('SHELF 7'), ('new')", "ROLLBACK"],
], ids=["one statement", "at the end", "rolled back"])  # fmt: skip
def test_a_session_that_checks_no_unique_key(cluster, statements):
    """Into an empty table, where the server loads in bulk and finds a duplicate as late as it can."""
    app = cluster.connect("main")
    app.run(f"SET SESSION {UNCHECKED}")
    assert attempt(app, *statements) == [1062]
    equal(cluster)
    names = [name for (name,) in app.rows("SELECT name FROM test_shelf")]
    assert len(names) == len({name.lower() for name in names}) == len(row_entries(app))


@pytest.mark.parametrize("setting", [
    UNCHECKED, "sql_mode = ''", "sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    "time_zone = '-11:00'", "timestamp = 1711850400.5", "insert_id = 77", "auto_increment_increment = 7",
    "group_concat_max_len = 4", "sql_select_limit = 1", "div_precision_increment = 0", "lc_time_names = 'de_DE'",
    "character_set_client = latin1, collation_connection = latin1_german2_ci", "big_tables = 1",
    "tx_isolation = 'SERIALIZABLE'", "tx_isolation = 'READ-UNCOMMITTED'", "alter_algorithm = 'COPY'",
    "check_constraint_checks = 0", "optimizer_switch = 'materialization=off,derived_merge=off'",
    "max_heap_table_size = 16384", "system_versioning_insert_history = 1", "old_mode = ''",
    "sql_auto_is_null = 1", "completion_type = 'CHAIN'", "tmp_memory_table_size = 0",
])  # fmt: skip
def test_a_setting_changes_no_row_on_its_way(cluster, setting):
    app = cluster.connect("main")
    refused = attempt(
        app,
        f"SET SESSION {setting}",
        "INSERT INTO test_shelf (id, name) VALUES (0, 'first '), (9, 'NINE')",
        "INSERT INTO test_specimen (shelf_id, slot, name, stamp, found_at, weight, price)"
        " VALUES (9, 1, 'a  ', NOW(6), NOW(6), 1/3, 2/3), (NULL, 2, 'b', '2024-03-31 02:30:00', UTC_TIMESTAMP, 0.1, 1)",
        "REPLACE INTO test_shelf (id, name) VALUES (9, 'nine again')",
        "INSERT INTO test_word VALUES ('w', ''), ('v', 'x') ON DUPLICATE KEY UPDATE meaning = 'y'",
        "UPDATE test_specimen SET name = CONCAT(name, '+'), slot = slot + 10 ORDER BY slot DESC LIMIT 5",
        "DELETE FROM test_word WHERE word = 'W'",
        "COMMIT",
    )
    assert refused in ([], [1364], [1062]), refused
    equal(cluster)


class TestInsertId:
    """A session sets the next id that is generated. The log generates its own."""

    @pytest.mark.parametrize("statement", [
        "INSERT INTO test_word VALUES ('late', '')", "INSERT INTO test_shelf (id, name) VALUES (5, 'five')",
        "UPDATE test_word SET meaning = 'late'", "DELETE FROM test_word",
    ])  # fmt: skip
    def test_no_entry_takes_it(self, cluster, statement):
        """Below the commit watermark nobody looks for entries: this one would be acknowledged, and on one node only."""
        app = cluster.connect("main")
        app.run("START TRANSACTION")
        app.run("INSERT INTO test_word VALUES ('undone', '')")
        (gap,) = app.row("SELECT MAX(log_id) FROM transaction_log")
        app.run("ROLLBACK")
        app.run("INSERT INTO test_word VALUES ('early', '')")
        cluster.settle()
        app.run("SET @current_transaction_id = 'late'")
        app.run(f"SET insert_id = {gap}")
        app.run(statement)
        app.rows("CALL await_acknowledgement('late', 4)")
        equal(cluster)
        assert app.row(
            "SELECT MIN(log_id) > %s FROM transaction_log WHERE transaction_id = 'late'", (gap,)
        ) == (1,)

    def test_rows_take_it(self, cluster):
        app = cluster.connect("main")
        app.run("SET insert_id = 77")
        app.run("INSERT INTO test_shelf (name) VALUES ('a'), ('b')")
        app.run("INSERT INTO test_shelf (name) VALUES ('c')")
        equal(cluster)
        assert app.rows("SELECT id FROM test_shelf ORDER BY id") == ((77,), (78,), (79,))


def test_what_is_written_under_a_table_lock_is_logged(cluster):
    """Only an administrator may; the wait for the acknowledgement has to come after it."""
    root = cluster.connect("main", "root")
    root.run("LOCK TABLES test_word WRITE")
    root.run("INSERT INTO test_word VALUES ('locked', '')")
    assert attempt(root, "CALL await_acknowledgement('x', 1)") == [1100]
    root.run("UNLOCK TABLES")
    equal(cluster)
    assert row_entries(root) == [("INSERT", "test_word", "locked")]
