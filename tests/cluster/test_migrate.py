"""`migrate` on three real nodes: one shape everywhere, also when it is cut off or a node is away."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.backends.mysql.schema import DatabaseSchemaEditor

from cluster.actions.maintenance import setup
from cluster.nodes.connection import Connection
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName
from tests.harness.checker import check_equal
from tests.harness.diary.models import Page
from tests.harness.waiting import wait_for
from tests.harness.writers import writing

SHAPE = (
    "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS"
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'diary_page' ORDER BY COLUMN_NAME"
)
OLD_PAGE = "INSERT INTO diary_page (title, text, mood) VALUES (%s, 'three old words', 'calm')"
EMPTY_PAGE = "INSERT INTO diary_page (title, text, mood) VALUES (%s, '', 'calm')"
"""No data migration writes it again: what a new column holds there is what each node gave it."""


def migrated(*arguments: str) -> str:
    """Run the command; what it said."""
    out = StringIO()
    call_command("migrate", *arguments, stdout=out)
    return out.getvalue()


def shapes(cluster) -> list[object]:
    """Return the shape of the diary's table on each node."""
    return [cluster.connect(name, "root").rows(SHAPE) for name in NodeName]


def wrong() -> list[object]:
    """Return what is not installed as it should be, on any node; not a link to a node that was restarted."""
    found = [one for one in setup.check(list(NodeName)) if one.kind not in ("FEDERATED", "EVENT")]
    return [one for one in found if one.status is not Status.INSTALLED]


@pytest.fixture
def old(cluster) -> Iterator[object]:
    """Give the diary in its first shape; in its newest again afterwards."""
    migrated("diary", "0001")
    yield cluster
    for name in NodeName:
        cluster.start(name)
    migrated("diary")
    assert wrong() == []


@contextmanager
def diarists(cluster) -> Iterator[list[Exception]]:
    """Somebody who goes on writing pages of the first shape; what went wrong for them."""
    over, failed = threading.Event(), list[Exception]()
    app = cluster.connect("main", "app", 20.0)

    def write() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            try:
                app.run(OLD_PAGE, (f"page {number}",))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                failed.append(error)
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield failed
    finally:
        over.set()
        thread.join(20)


def test_the_nodes_change_together_while_everybody_writes(old):
    with writing(old, writers=4) as book, diarists(old) as failed:
        book.wait_for(20)
        said = migrated("diary", "0003")
        book.wait_for(20)
    assert failed == []
    assert "diary.0002_words: Add field words to page (Node A, Node B, Main)" in said
    assert "diary.0003_count_words" in said
    old.settle()
    check_equal(old)
    counted = old.connect("node_b").rows("SELECT words, COUNT(*) FROM diary_page GROUP BY words")
    assert dict(counted)[3] > 0
    migrated("diary")
    old.settle()
    check_equal(old)
    assert len(set(map(str, shapes(old)))) == 1
    assert wrong() == []
    page = Page.objects.create(title="new", body="of the new shape")
    old.settle()
    assert old.connect("node_b").row("SELECT body FROM diary_page WHERE id = %s", (page.pk,)) == (
        "of the new shape",
    )


def test_an_app_leaves_the_nodes_and_comes_back(old):
    migrated("diary", "zero")
    assert shapes(old) == [(), (), ()]
    assert "Create model Page (Node A, Node B, Main)" in migrated("diary")
    Page.objects.create(title="first")
    old.settle()
    check_equal(old)
    assert wrong() == []


def test_a_node_that_was_away_gets_its_shape_when_it_is_back(old):
    old.connect("main").run(OLD_PAGE, ("before",))
    old.connect("main").run(EMPTY_PAGE, ("empty",))
    old.settle()
    old.kill("node_b")
    said = migrated("diary")
    assert "Node B keeps its old shape: Node B does not answer" in said
    Page.objects.create(title="after", body="of the new shape")
    old.start("node_b")
    assert "diary.0004_body: Rename field text on page to body (Node B)" in migrated("diary")
    assert [one for one in setup.check(list(NodeName)) if one.status is not Status.INSTALLED] == [], (
        "links too"
    )
    old.settle()
    check_equal(old)
    assert len(set(map(str, shapes(old)))) == 1


@pytest.mark.parametrize("line", ["Add field code", "Raw Python", "Remove field mood"])
def test_a_run_that_is_killed_is_finished_by_the_next(old, line):
    old.connect("main").run(OLD_PAGE, ("before",))
    old.connect("main").run(EMPTY_PAGE, ("empty",))
    process = old.popen("migrate", "diary")
    for said in process.stdout:
        if line in said:
            break
    process.kill()
    process.wait(10)
    migrated("diary")
    old.settle()
    check_equal(old)
    assert len(set(map(str, shapes(old)))) == 1
    assert wrong() == []
    assert Page.objects.get(title="before").words == 3
    writes = old.connect("main").row(
        "SELECT COUNT(DISTINCT transaction_id) FROM transaction_log WHERE transaction_id LIKE 'migrate-%'"
    )
    assert writes == (1,), "the data migration was done once"


@pytest.fixture
def hasty(monkeypatch) -> None:
    """Transactions have three seconds to end."""
    monkeypatch.setattr("cluster.actions.maintenance.migrate.LOCK_SECONDS", 3.0)


@pytest.mark.usefixtures("hasty")
def test_a_transaction_that_does_not_end_is_waited_for_and_named(old):
    session = old.connect("main")
    session.run("START TRANSACTION")
    session.run(OLD_PAGE, ("held",))
    with pytest.raises(CommandError, match="Main's tables are in use by a transaction that did not end"):
        migrated("diary")
    session.run("COMMIT")
    migrated("diary")
    old.settle()
    check_equal(old)


@pytest.fixture
def reader(old) -> Iterator[Connection]:
    """Give a session with an open transaction that reads the diary on Node B."""
    session = old.connect("node_b")
    session.run("START TRANSACTION")
    session.rows("SELECT COUNT(*) FROM diary_page")
    yield session
    session.run("ROLLBACK")


@pytest.mark.usefixtures("hasty")
def test_a_reader_on_a_follower_holds_up_nobody_but_migrate(old, reader):
    app, over, slowest = old.connect("main", "app", 20.0), threading.Event(), [0.0]

    def write() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            began = time.monotonic()
            app.run(OLD_PAGE, (f"page {number}",))
            app.rows("SELECT COUNT(*) FROM diary_page")
            slowest.append(time.monotonic() - began)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with pytest.raises(
            CommandError, match="Node B's tables are in use by a transaction that did not end"
        ):
            migrated("diary")
    finally:
        over.set()
        thread.join(20)
    assert len(slowest) > 20
    assert max(slowest) < 1.5
    assert len(set(map(str, shapes(old)))) == 1, "nothing was changed"
    reader.run("ROLLBACK")
    migrated("diary")
    old.settle()
    check_equal(old)
    assert wrong() == []


def test_migrate_goes_through_once_a_reader_has_ended(old, reader):
    ending = threading.Timer(2.5, reader.run, ["ROLLBACK"])
    ending.start()
    migrated("diary")
    ending.join()
    old.settle()
    check_equal(old)
    assert wrong() == []


@pytest.mark.parametrize("statement", [1, 2, 3, 4, 11, 13])
def test_a_step_that_was_cut_off_between_two_statements_is_finished(old, monkeypatch, statement):
    """On any node, at any statement, a column of which is there already; all of them got the same computed default."""
    old.connect("main").run(EMPTY_PAGE, ("empty",))
    old.settle()
    run, seen = DatabaseSchemaEditor.execute, itertools.count(1)

    def execute(editor, sql, params=()):
        if next(seen) > statement:
            raise OperationalError(2013, "the connection broke")
        return run(editor, sql, params)

    monkeypatch.setattr(DatabaseSchemaEditor, "execute", execute)
    with pytest.raises(CommandError):
        migrated("diary", "0002")
    monkeypatch.undo()
    migrated("diary")
    old.settle()
    check_equal(old)
    assert len(set(map(str, shapes(old)))) == 1
    assert wrong() == []


def test_without_a_primary_nothing_is_changed(old):
    before = shapes(old)
    old.kill("node_a")
    old.kill("node_b")
    wait_for(lambda: old.primary() is None, 15)  # until its lease has run out
    with pytest.raises(CommandError, match="no node takes writes now"):
        migrated("diary")
    old.start("node_a")
    old.start("node_b")
    assert shapes(old) == before


def test_a_node_alone_is_not_migrated(cluster):
    with pytest.raises(CommandError, match="The nodes are migrated together"):
        migrated("--database", "node_a")


def test_nodes_of_an_older_version_are_set_up_first(old):
    for name in NodeName:
        old.connect(name, "root").run("DROP TABLE computed_default")
    with pytest.raises(CommandError, match="older version; run setup_nodes"):
        migrated("diary")
    call_command("setup_nodes", stdout=StringIO())


def test_what_is_missing_is_told(old):
    assert "On the nodes: diary.0002_words" in migrated("diary", "--plan")
    with pytest.raises(SystemExit):
        migrated("diary", "--check")
    missing = {found.name for found in setup.check([NodeName.NODE_B]) if found.kind == "MIGRATION"}
    assert missing == {"diary.0002_words", "diary.0003_count_words", "diary.0004_body"}


def test_a_lease_that_has_only_run_out_does_not_stop_migrate(old):
    """So it is while a new stack comes up: nothing keeps the lease before migrate has ended."""
    old.replicator.stop(writers_carry=True)
    wait_for(lambda: old.primary() is None, 10)
    assert "diary.0004" in migrated("diary", "--plan")
    old.replicator.start()
    migrated("diary")
