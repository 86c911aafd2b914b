"""What the application's account may do: rows and public procedures, and nothing of the kernel's."""

import pytest

from cluster.nodes.schema import catalogue
from cluster.nodes.schema.install import kernel
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.sql import refusal, row_entries

DENIED, NO_EXECUTE = 1142, 1370
INSERT = "INSERT INTO test_word (word, meaning) VALUES ('a', '')"
GUESSES = ["''", "'1'", "1", "0", "TRUE", "NULL", "REPEAT('0', 64)", "'secret'", "'federated'", "0x00"]
KERNEL_TABLES = sorted(item.name for item in kernel() if item.kind in ("TABLE", "SEQUENCE", "VIEW"))
READABLE = {"transaction_log", "node_config", "lease"}
ROUTINES = sorted(
    (item.kind, item.name) for item in catalogue.kernel_routines() if item.name not in catalogue.PUBLIC_KERNEL
)


@pytest.fixture
def app(cluster):
    """Return the application's session on Main."""
    return cluster.connect("main")


@pytest.mark.parametrize("guess", GUESSES)
def test_no_guess_of_the_flag_passes_the_guard(cluster, guess):
    vice = cluster.connect("node_a")
    vice.run(f"SET @federated_operation = {guess}")
    assert refusal(vice, INSERT).startswith("Node A is in VICE mode.")


@pytest.mark.parametrize("guess", GUESSES)
def test_no_guess_of_the_flag_passes_the_log(app, guess):
    app.run(f"SET @federated_operation = {guess}")
    app.run(INSERT)
    assert len(row_entries(app)) == 1


@pytest.mark.parametrize("table", KERNEL_TABLES)
def test_the_tables_of_the_kernel_are_not_to_be_written(app, table):
    column = app_column(table)
    for sql in (
        f"INSERT INTO {table} ({column}) VALUES ('1')",
        f"REPLACE INTO {table} ({column}) VALUES ('1')",
        f"UPDATE {table} SET {column} = '1'",
        f"DELETE FROM {table}",
        f"TRUNCATE TABLE {table}",
        f"ALTER TABLE {table} ADD COLUMN mine INT",
        f"DROP TABLE {table}",
    ):
        refusal(app, sql, code=DENIED)


def app_column(table: str) -> str:
    """Return a column of a kernel table, from its source."""
    statement = next(item.statement for item in kernel() if item.name == table)
    special = {"lease": "epoch", "cluster_overview": "mode"}
    if table in ("lease_begin", "lease_end"):
        return "next_not_cached_value"
    return special.get(table) or statement.split("(\n")[1].split()[0]


@pytest.mark.parametrize("table", sorted(set(KERNEL_TABLES) - READABLE))
def test_secret_and_bookkeeping_are_not_to_be_read(app, table):
    refusal(app, f"SELECT * FROM {table}", code=DENIED)


@pytest.mark.parametrize("table", sorted(READABLE))
def test_log_and_configuration_may_be_read(app, table):
    assert app.rows(f"SELECT * FROM {table}")


@pytest.mark.parametrize(("kind", "name"), ROUTINES, ids=[name for _, name in ROUTINES])
def test_no_routine_of_the_kernel_may_be_called(app, kind, name):
    refusal(app, f"CALL {name}()" if kind == "PROCEDURE" else f"SELECT {name}('x')", code=NO_EXECUTE)


def test_there_are_routines_to_try():
    assert {"begin_append", "claim", "open_writes", "write_entry"} <= {name for _, name in ROUTINES}


@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE TABLE test_word",
        "DROP TABLE test_word",
        "ALTER TABLE test_word ADD COLUMN mine INT",
        "CREATE TABLE mine (id INT)",
        "CREATE TRIGGER mine BEFORE INSERT ON test_word FOR EACH ROW SET @x = 1",
        "DROP TRIGGER test_word_guard_insert",
        "CREATE INDEX mine ON test_word (meaning)",
        "CREATE VIEW mine AS SELECT 1",
    ],
    ids=lambda sql: " ".join(sql.split()[:2]).lower(),
)
def test_the_application_has_no_say_in_the_schema(app, sql):
    refusal(app, sql, code=DENIED)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("CREATE PROCEDURE mine() SELECT 1", 1044),
        ("LOCK TABLES test_word WRITE", 1044),
        ("CREATE USER mine", 1227),
        ("SET GLOBAL event_scheduler = 1", 1227),
        ("DROP PROCEDURE guard_write", NO_EXECUTE),
        ("GRANT ALL ON *.* TO CURRENT_USER()", 1045),
    ],
    ids=lambda value: value.lower() if isinstance(value, str) else str(value),
)
def test_the_application_has_no_say_in_the_server(app, sql, code):
    refusal(app, sql, code=code)


def test_every_replicated_table_may_be_read_and_written(app):
    privileges = {
        table: set(granted.split(","))
        for table, granted in app.rows(
            "SELECT TABLE_NAME, GROUP_CONCAT(PRIVILEGE_TYPE)"
            " FROM information_schema.TABLE_PRIVILEGES GROUP BY 1"
        )
    }
    assert privileges.pop("test_specimen") == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert {frozenset(privileges[table]) for table in READABLE} == {frozenset({"SELECT"})}


def test_the_secret_differs_between_nodes_and_is_long(cluster):
    secrets = {cluster.connect(name, "cluster").row("SELECT secret FROM apply_secret") for name in NodeName}
    assert len(secrets) == 3
    assert all(len(secret) == 64 for (secret,) in secrets)


def test_an_append_leaves_no_flag_in_its_session(cluster):
    main, vice = cluster.nodes[NodeName.MAIN], cluster.nodes[NodeName.NODE_A]
    cluster.settle()
    vice.append(1, main.read_log(0, 100).entries, boundary=False)
    assert vice.connection.row("SELECT @federated_operation") == (None,)
    assert refusal(vice.connection, INSERT).startswith("Node A is in VICE mode.")


def test_an_append_that_fails_leaves_no_flag_either(cluster):
    cluster.settle()
    entry = cluster.nodes[NodeName.MAIN].read_log(0, 1).entries[0]
    vice = cluster.nodes[NodeName.NODE_A]
    with pytest.raises(NodeFailed, match="Data too long for column 'record_id'"):
        vice.append(1, [entry._replace(log_id=99, record_id="x" * 300)], boundary=False)
    assert vice.connection.row("SELECT @federated_operation") == (None,)


def test_the_flag_of_one_node_is_worth_nothing_on_another(cluster):
    """Who can read one server's secret still cannot write past the guard of the others."""
    (secret,) = cluster.connect("node_b", "cluster").row("SELECT secret FROM apply_secret")
    vice = cluster.connect("node_a")
    vice.run("SET @federated_operation = %s", (secret,))
    assert refusal(vice, INSERT).startswith("Node A is in VICE mode.")


def test_without_a_secret_no_flag_passes(cluster):
    """A node whose secret was lost stays guarded, whatever a session sets."""
    root = cluster.connect("node_a", "root")
    (secret,) = root.row("SELECT secret FROM apply_secret")
    root.run("DELETE FROM apply_secret")
    try:
        vice = cluster.connect("node_a")
        for guess in GUESSES:
            vice.run(f"SET @federated_operation = {guess}")
            assert refusal(vice, INSERT).startswith("Node A is in VICE mode.")
    finally:
        root.run("INSERT INTO apply_secret VALUES (1, %s)", (secret,))


def test_the_secret_in_the_triggers_is_not_to_be_seen(cluster, app):
    """Names of triggers and routines are listed for everybody, their bodies are not."""
    cluster_account = cluster.connect("main", "cluster")
    (secret,) = cluster_account.row("SELECT secret FROM apply_secret")
    looks = [
        "SHOW TRIGGERS",
        "SELECT * FROM information_schema.TRIGGERS",
        "SELECT * FROM information_schema.ROUTINES",
        "SELECT * FROM information_schema.VIEWS",
    ]
    assert secret in str(cluster_account.rows(looks[0]))
    assert all(secret not in str(app.rows(sql)) for sql in looks)
    refusal(app, "SHOW CREATE TRIGGER test_word_guard_insert", code=1227)


def test_sessions_of_others_are_not_to_be_seen(cluster, app):
    cluster.connect("main", "cluster").run("SELECT 1")
    assert {user for _, user, *_ in app.rows("SHOW PROCESSLIST")} == {app.endpoint.user}
