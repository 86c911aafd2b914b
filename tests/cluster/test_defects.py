"""Tables that no log sees any more: renamed into place, without a trigger, with keys that change rows by themselves."""

import pytest

from cluster.actions.failover.switchover import switchover
from cluster.actions.maintenance.setup import set_up
from cluster.protocol.errors import NOT_ACKNOWLEDGED, Refused
from cluster.protocol.names import NodeName
from tests.harness.sql import refusal

SWAP = (
    "CREATE TABLE test_word_new LIKE test_word",
    "INSERT INTO test_word_new SELECT * FROM test_word",
    "RENAME TABLE test_word TO test_word_old, test_word_new TO test_word",
)


@pytest.fixture
def mended(cluster):
    """Give a cluster whose tables are as they were, afterwards."""
    yield cluster
    for name in NodeName:
        root = cluster.connect(name, "root")
        root.run("DROP TABLE IF EXISTS test_word_old")
        set_up(name)
        root.run("CALL inspect_tables()")


@pytest.fixture
def swapped(mended):
    """Main's table was renamed into place, as tools for large changes and restores do it."""
    root = mended.connect("main", "root")
    for sql in SWAP:
        root.run(sql)
    return mended


def test_a_write_that_left_no_entry_is_not_done(swapped):
    app = swapped.connect("main")
    app.run("SET @current_transaction_id = 'unseen'")
    app.run("INSERT INTO test_word VALUES ('a', '')")
    told = refusal(app, "CALL await_acknowledgement('unseen', 2)", code=NOT_ACKNOWLEDGED)
    assert told.startswith("Transaction unseen left no entry in the log, and test_word lacks its triggers")


def test_what_is_in_the_log_is_acknowledged_all_the_same(swapped):
    app = swapped.connect("main")
    app.run("SET @current_transaction_id = 'seen'")
    app.run("INSERT INTO test_counter VALUES (1, 0, '')")
    app.rows("CALL await_acknowledgement('seen', 2)")


def test_a_transaction_that_wrote_nothing_is_done_where_all_is_in_place(mended):
    mended.connect("main").rows("CALL await_acknowledgement('nothing', 1)")


def test_it_is_named_and_mended_by_setup_nodes(swapped):
    main = swapped.nodes[NodeName.MAIN]
    main.inspect()
    assert main.state().unfit == (
        "Main: test_word lacks its triggers, so what is written there is in no log. Run setup_nodes main."
    )
    assert "test_word lacks its triggers" in swapped.manage("cluster_status").stdout
    done = swapped.manage("setup_nodes", "main")
    assert done.returncode == 0, done.stderr
    main.inspect()
    assert main.state().unfit == ""
    app = swapped.connect("main")
    app.run("SET @current_transaction_id = 'seen'")
    app.run("INSERT INTO test_word VALUES ('a', '')")
    assert app.rows("SELECT record_id FROM transaction_log WHERE transaction_id = 'seen'") == (("a",),)


def foreign_key(root, rule: str) -> None:
    """Make the foreign key of the specimens anew, with what it does by itself."""
    (name,) = root.row(
        "SELECT CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE()"
        " AND TABLE_NAME = 'test_specimen' AND REFERENCED_TABLE_NAME = 'test_shelf'"
    )
    root.run(f"ALTER TABLE test_specimen DROP FOREIGN KEY `{name}`")
    root.run(
        f"ALTER TABLE test_specimen ADD CONSTRAINT `{name}` FOREIGN KEY (shelf_id) REFERENCES test_shelf (id) {rule}"
    )


def refused(cluster) -> str:
    """Why Node A does not take over."""
    cluster.nodes[NodeName.NODE_A].inspect()
    with pytest.raises(Refused) as problem:
        switchover(cluster.nodes, NodeName.NODE_A, reason="A test.", lease_seconds=3.0)
    return str(problem.value)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER test_word_log_insert",
        "CREATE OR REPLACE TRIGGER test_word_log_insert AFTER INSERT ON test_word FOR EACH ROW SET @mine = NEW.word",
    ],
)
def test_a_node_without_a_log_trigger_is_not_promoted(mended, sql):
    mended.connect("node_a", "root").run(sql)
    assert refused(mended).startswith("Node A cannot take over: Node A: test_word lacks its triggers")


def test_a_node_whose_table_is_of_another_engine_is_not_promoted(mended):
    root = mended.connect("node_a", "root")
    root.run("ALTER TABLE test_word ENGINE = Aria")
    try:
        assert "test_word is not stored by InnoDB" in refused(mended)
    finally:
        root.run("ALTER TABLE test_word ENGINE = InnoDB")


@pytest.mark.parametrize("rule", ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON UPDATE CASCADE"])
def test_a_node_whose_keys_change_rows_by_themselves_is_not_promoted(mended, rule):
    root = mended.connect("node_a", "root")
    foreign_key(root, rule)
    try:
        assert "A foreign key of test_specimen cascades in the database" in refused(mended)
    finally:
        foreign_key(root, "")


def test_who_looks_opens_no_table_that_is_not_replicated(cluster):
    """A database may have thousands of others: each look would take half a second."""
    main = cluster.connect("main", "root")
    others = [f"extra_{number}" for number in range(60)]
    for name in others:
        main.run(f"CREATE TABLE {name} (id INT PRIMARY KEY)")
    try:
        scanned = opened(main, "SELECT COUNT(*) FROM information_schema.TABLES WHERE ENGINE <> 'InnoDB'")
        assert scanned >= len(others)
        assert opened(main, "CALL inspect_tables()") < scanned - len(others) / 2
        assert opened(main, "SELECT unlogged_tables()") < scanned - len(others) / 2
    finally:
        main.run(f"DROP TABLE {', '.join(others)}")


def opened(connection, sql: str) -> int:
    """How many tables a statement makes the server open."""
    connection.run("FLUSH TABLES")
    count = (
        "SELECT VARIABLE_VALUE + 0 FROM information_schema.SESSION_STATUS"
        " WHERE VARIABLE_NAME = 'OPENED_TABLE_DEFINITIONS'"
    )
    (before,) = connection.row(count)
    connection.rows(sql)
    (after,) = connection.row(count)
    return int(after - before)
