"""Whatever a statement tries: it is refused with what to do instead, or acknowledged and the same on all nodes.

Each line of the table in docs/contract.md ("Through Django") has its statements here.
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    NotSupportedError,
    OperationalError,
    connection,
    connections,
    transaction,
)

from cluster.backend import NotAcknowledged
from cluster.nodes.connection import Connection
from cluster.protocol.names import NodeName
from tests.harness.shop.models import Article
from tests.harness.sql import dump
from tests.harness.waiting import wait_for

TABLES = ("shop_article", "shop_order")
ADD = "INSERT INTO shop_article (name, stock) VALUES ('new', 1)"
ADD_OTHER = "INSERT INTO shop_article (name, stock) VALUES ('other', 1)"

ROWS_ALONE = r"empty a table by DELETE, change its shape by migrate"
OWN_TRANSACTIONS = r"use transaction\.atomic and write_once"

ACKNOWLEDGED: dict[str, Sequence[str]] = {
    "GET_LOCK": ["DO GET_LOCK('mine', 1)", ADD, "DO RELEASE_LOCK('mine')"],
    "RELEASE_ALL_LOCKS": ["DO RELEASE_ALL_LOCKS()", ADD],
    "a lax sql_mode": ["SET sql_mode = ''", "INSERT INTO shop_article (name, stock) VALUES ('new', -5)"],
    "sql_mode ANSI_QUOTES": ["SET sql_mode = 'ANSI_QUOTES'", ADD.replace("shop_article", '"shop_article"')],
    "sql_mode NO_BACKSLASH_ESCAPES": [
        "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
        rf"SELECT '\'; {ADD}; SELECT '\'",
    ],
    "foreign_key_checks": [
        "SET SESSION foreign_key_checks = 0",
        "INSERT INTO shop_order (article_id, customer, quantity, ordered_at) VALUES (77, 'c', 1, NOW())",
    ],
    "SET STATEMENT": [f"SET STATEMENT max_statement_time = 5 FOR {ADD}"],
    "several statements": [f"{ADD}; UPDATE shop_article SET stock = 2; SELECT 1"],
    "PREPARE and EXECUTE": [f'PREPARE s FROM "{ADD}"', "EXECUTE s", "DEALLOCATE PREPARE s"],
    "EXECUTE IMMEDIATE": [f'EXECUTE IMMEDIATE "{ADD}"'],
    "EXECUTE IMMEDIATE of a text that is put together": [
        "EXECUTE IMMEDIATE CONCAT('SET @current', '_transaction_id = 1')",
        ADD,
    ],
    "a block": [f"BEGIN NOT ATOMIC START TRANSACTION; {ADD}; COMMIT; END"],
    "INSERT ... RETURNING": [f"{ADD} RETURNING id"],
    "INSERT ... SELECT": ["INSERT INTO shop_article (name, stock) SELECT 'new', 1"],
    "a comment that the server runs": [f"/*!50000 {ADD} */"],
    "ANALYZE of a write": [f"ANALYZE {ADD}"],
    "EXPLAIN of a write": [f"EXPLAIN {ADD}"],
    "another database's name": [ADD.replace("shop_article", "`stadvdb-mco2`.shop_article")],
    "HANDLER": ["HANDLER shop_article OPEN", "HANDLER shop_article READ FIRST", "HANDLER shop_article CLOSE"],
    "ANALYZE TABLE": ["ANALYZE TABLE shop_article"],
    "CHECK TABLE": ["CHECK TABLE shop_article"],
    "ANALYZE TABLE in a transaction": ["BEGIN", ADD, "ANALYZE TABLE shop_article"],
    "UNLOCK TABLES in a transaction": ["BEGIN", ADD, "UNLOCK TABLES", "COMMIT"],
    "LOAD DATA LOCAL": ["LOAD DATA LOCAL INFILE '{file}' INTO TABLE shop_article (name, stock)"],
    "isolation": ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ADD],
    "SET ROLE": ["SET ROLE NONE", ADD],
    "REPLACE": ["REPLACE INTO shop_article (id, name, stock) VALUES (1, 'new', 3)"],
    "SELECT INTO a variable": ["SELECT MAX(stock) INTO @most FROM shop_article", ADD],
    "nothing": ["DO 0"],
}

REFUSED: dict[str, tuple[Sequence[str], str]] = {
    "LOCK TABLES": (["LOCK TABLES shop_article WRITE"], ROWS_ALONE),
    "autocommit": (["SET autocommit = 0"], OWN_TRANSACTIONS),
    "XA": (["XA START 'a'"], r"use transaction\.atomic"),
    "XA behind another": (["SELECT 1; XA START 'a'"], r"use transaction\.atomic"),
    "USE": (["USE information_schema"], "define an alias of its own"),
    "TRUNCATE": (["TRUNCATE shop_article"], ROWS_ALONE),
    "a temporary table": (["CREATE TEMPORARY TABLE t (a INT)"], ROWS_ALONE),
    "a temporary table over a replicated one": (
        ["CREATE TEMPORARY TABLE shop_article (id INT, name TEXT, stock INT)"],
        ROWS_ALONE,
    ),
    "FLUSH": (["FLUSH TABLES WITH READ LOCK"], ROWS_ALONE),
    "RENAME TABLE": (["RENAME TABLE shop_article TO a"], ROWS_ALONE),
    "ALTER TABLE": (["ALTER TABLE shop_article ADD COLUMN a INT"], ROWS_ALONE),
    "CREATE INDEX": (["CREATE INDEX a ON shop_article (stock)"], ROWS_ALONE),
    "DROP TRIGGER": (["DROP TRIGGER shop_article_log_insert"], ROWS_ALONE),
    "DROP TABLE": (["DROP TABLE shop_order"], ROWS_ALONE),
    "CREATE TABLE": (["CREATE TABLE a (a INT)"], ROWS_ALONE),
    "CREATE TABLE ... SELECT": (["CREATE TABLE a SELECT * FROM shop_article"], ROWS_ALONE),
    "CREATE SEQUENCE": (["CREATE SEQUENCE a"], ROWS_ALONE),
    "CREATE DATABASE": (["CREATE DATABASE otherdb"], ROWS_ALONE),
    "LOAD DATA of the server": (["LOAD DATA INFILE '{file}' INTO TABLE shop_article (name, stock)"], ROWS_ALONE),
    "SELECT INTO a file": (["SELECT * FROM shop_article INTO OUTFILE '{file}.out'"], ROWS_ALONE),
    "sql_log_bin": (["SET sql_log_bin = 0"], ROWS_ALONE),
    "a global setting": (["SET GLOBAL max_statement_time = 1"], ROWS_ALONE),
    "a password": (["SET PASSWORD = PASSWORD('other')"], "run setup_nodes"),
    "GRANT": (["GRANT ALL ON *.* TO mco2_app"], ROWS_ALONE),
    "the log": (["DELETE FROM transaction_log"], ROWS_ALONE),
    "the id of a transaction": (["SET @current_transaction_id = 'mine'"], OWN_TRANSACTIONS),
    "a transaction in several statements": ([f"START TRANSACTION; {ADD}; COMMIT"], OWN_TRANSACTIONS),
    "a prepared beginning": (["PREPARE s FROM 'START TRANSACTION'"], OWN_TRANSACTIONS),
    "a beginning at once": (["EXECUTE IMMEDIATE 'BEGIN'"], OWN_TRANSACTIONS),
    "a beginning that is put together": (["EXECUTE IMMEDIATE CONCAT('BE', 'GIN')"], "left a transaction open"),
    "a block that leaves its transaction open": (
        [f"BEGIN NOT ATOMIC START TRANSACTION; {ADD}; END"],
        "left a transaction open",
    ),
    "SHUTDOWN": (["SHUTDOWN"], ROWS_ALONE),
}  # fmt: skip


@pytest.fixture
def nodes(steady_cluster, monkeypatch) -> Iterator[dict[NodeName, Connection]]:
    """Two articles on all nodes, and nothing else; a connection to each node as its administrator."""
    connection.close()
    monkeypatch.setattr(
        connections[DEFAULT_DB_ALIAS], "given_options", connection.given_options | {"local_infile": 1}
    )
    for row in ("lamp", "desk"):
        Article.objects.create(name=row, stock=1)
    steady_cluster.settle()
    yield {name: steady_cluster.connect(name, "root") for name in NodeName}
    connections.close_all()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_order")
        cursor.execute("DELETE FROM shop_article")
    steady_cluster.settle()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of one article."""
    written = tmp_path / "articles.tsv"
    written.write_text("new\t1\n")
    return written


def held(node: Connection) -> tuple[object, ...]:
    """Return what a node has: rows, tables, databases, triggers, accounts."""
    return (
        *(dump(node, table) for table in TABLES),
        node.rows(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1"
        ),
        len(node.rows("SHOW DATABASES")),
        len(node.rows("SHOW TRIGGERS")),
        node.rows("SELECT Priv FROM mysql.global_priv WHERE User = 'mco2_app'"),
    )


def log_size(node: Connection) -> int:
    """Return the entries that a node has."""
    return node.row("SELECT COUNT(*) FROM transaction_log")[0]


def run(statements: Sequence[str], file: Path) -> None:
    """Run each by a cursor of its own."""
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("{file}", str(file)))


@pytest.mark.parametrize("name", ACKNOWLEDGED)
def test_what_is_allowed_is_acknowledged_and_equal_on_all_nodes(steady_cluster, nodes, file, name):
    run(ACKNOWLEDGED[name], file)
    written = log_size(nodes[NodeName.MAIN])
    assert written == max(log_size(nodes[other]) for other in NodeName.MAIN.others), "it was not acknowledged"
    connection.close()
    steady_cluster.settle()
    rows = [[dump(node, table) for table in TABLES] for node in nodes.values()]
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_do_instead_and_changes_nothing(steady_cluster, nodes, file, name):
    statements, advice = REFUSED[name]
    before = {node: held(made) for node, made in nodes.items()}
    with pytest.raises(DatabaseError, match=advice):
        run(statements, file)
    connection.close()
    steady_cluster.settle()
    assert {node: held(made) for node, made in nodes.items()} == before
    Article.objects.create(name="afterwards")


def test_a_file_of_the_client_needs_the_drivers_leave(steady_cluster, nodes, file, monkeypatch):
    """It would refuse by itself, and then wait for an answer that the server never sends."""
    connection.close()
    monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "given_options", {})
    with pytest.raises(NotSupportedError, match="local_infile"):
        run(ACKNOWLEDGED["LOAD DATA LOCAL"], file)
    assert Article.objects.count() == 2
    Article.objects.create(name="afterwards")


def test_what_commits_before_it_is_refused_is_acknowledged(steady_cluster, nodes):
    """As on one server, TRUNCATE ends the transaction even where the account may not."""
    with pytest.raises(OperationalError, match=ROWS_ALONE):
        write_and_truncate()
    assert log_size(nodes[NodeName.MAIN]) == max(log_size(nodes[other]) for other in NodeName.MAIN.others)
    assert Article.objects.filter(name="new").count() == 1


@transaction.atomic
def write_and_truncate() -> None:
    """Ask for what ends the transaction."""
    Article.objects.create(name="new")
    run(["TRUNCATE shop_article"], Path())


def test_a_statement_that_is_killed_is_undone(steady_cluster, nodes):
    thread = connection.connection.thread_id()
    killer = threading.Thread(target=kill_statement, args=(nodes[NodeName.MAIN], thread))
    killer.start()
    with pytest.raises(OperationalError, match="interrupted") as killed, connection.cursor() as cursor:
        cursor.execute("UPDATE shop_article SET stock = stock + 1 WHERE name = 'lamp' OR SLEEP(20)")
    killer.join(20)
    assert not isinstance(killed.value, NotAcknowledged)
    assert set(Article.objects.values_list("stock", flat=True)) == {1}


def kill_statement(admin: Connection, thread: int) -> None:
    """End what a session does as soon as it is at it."""
    wait_for(
        lambda: admin.rows(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s AND INFO LIKE '%%SLEEP%%'", (thread,)
        )
    )
    admin.run(f"KILL QUERY {thread}")
