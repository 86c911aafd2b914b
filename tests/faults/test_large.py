"""A transaction too large for one append costs nobody else time, and survives whole or not at all (60, 63)."""

import threading

import pytest

from cluster.actions.replication.feed import Feed
from cluster.protocol.names import NodeName
from tests.harness.checker import check, check_equal, observed
from tests.harness.coordinators import WritersOf
from tests.harness.waiting import wait_for
from tests.harness.writers import Book, writing

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

ROWS = 12_000
FILL = f"INSERT INTO test_word SELECT CONCAT('word ', seq), 'old' FROM seq_1_to_{ROWS}"
FLOOR = "SELECT config_value + 0 FROM node_config WHERE config_key = 'commit_watermark'"
CHANGE = "UPDATE test_word SET meaning = 'new'"


def test_60_writers_beside_it_are_acknowledged(cluster):
    """One statement changes every row of a table, twice."""
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'fill'")
    app.run(FILL)
    cluster.settle(timeout=60)
    with observed(cluster), writing(cluster, writers=4) as book:
        book.wait_for(40)
        for name in ("first", "second"):
            app.run("SET @current_transaction_id = %s", (name,))
            app.run(f"UPDATE test_word SET meaning = '{name}'")
            app.rows("CALL await_acknowledgement(%s, 60)", (name,))
        book.wait_for(40)
    assert book.gap() < 2.0
    assert {name for name, tries in book.attempts.items() if tries > 1} == set()
    cluster.settle(timeout=60)
    check(cluster, book)
    meanings = "SELECT meaning, COUNT(*) FROM test_word GROUP BY meaning"
    assert cluster.connect("node_b").rows(meanings) == (("second", ROWS),)


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_63_half_of_it_is_never_promoted(cluster, operator, monkeypatch, parts):
    """Main dies while its parts are on their way: what nobody has whole is an orphan, all of it."""
    monkeypatch.setattr("cluster.actions.replication.feed.BATCH", 500)
    monkeypatch.setattr("cluster.actions.steps.large.PART", 500)
    cluster.settle()
    cluster.replicator.stop()
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'large'")
    app.run("START TRANSACTION")
    for number in range(6):
        app.run(f"INSERT INTO test_word SELECT CONCAT('{number} ', seq), '' FROM seq_1_to_500")
    app.commit()
    main, vice = cluster.fresh_nodes()[NodeName.MAIN], cluster.fresh_nodes()[NodeName.NODE_A]
    feed = Feed(main, vice, 1, WritersOf(main))
    feed.join(vice.state())
    while not feed.large:  # what stands before it comes first, where nobody has raised the watermark yet
        feed.carry()
    for _ in range(parts):
        feed.carry_part()
    cluster.kill("main")
    operator.promote_node_a()
    whole = parts == 7
    assert cluster.connect("node_a").row("SELECT COUNT(*) FROM test_word") == (3_000 if whole else 0,)
    cluster.replicator.start()
    cluster.start("main")
    assert operator.recover("main").orphaned == (0 if whole else 3_000)
    cluster.settle(timeout=30)
    check(cluster, Book())


def test_it_is_settled_when_nobody_writes_after_it(cluster):
    """A commit watermark that stayed below it would stop migrate, and each later question for it."""
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'last'")
    app.run(FILL)
    last = app.row("SELECT MAX(log_id) FROM transaction_log")
    app.rows("CALL await_acknowledgement('last', 60)")
    nodes = [cluster.connect(name) for name in NodeName]
    wait_for(lambda: all(node.row(FLOOR) == last for node in nodes))


def test_a_node_that_was_away_gets_it_when_it_is_back(cluster):
    cluster.kill("node_b")
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'large'")
    app.run(FILL)
    app.rows("CALL await_acknowledgement('large', 60)")
    app.run("SET @current_transaction_id = 'notes'")
    app.run("INSERT INTO test_specimen (note) SELECT REPEAT('x', 1048576) FROM seq_1_to_30")
    app.rows("CALL await_acknowledgement('notes', 60)")
    cluster.start("node_b")
    cluster.settle(timeout=60)
    check_equal(cluster)


def test_an_open_transaction_of_many_rows_holds_up_nobody(cluster):
    """Its rows are there, and nobody may see them."""
    busy = cluster.connect("main", "root", 60.0)
    busy.run("SET @current_transaction_id = 'open'")
    busy.run("START TRANSACTION")
    busy.run(FILL)
    late = cluster.connect("main")
    late.run("SET @current_transaction_id = 'late'")
    late.run("START TRANSACTION")
    late.run("INSERT INTO test_counter VALUES (-9, 0, '')")
    with writing(cluster, writers=4) as book:
        book.wait_for(200)
        late.commit()
        late.rows("CALL await_acknowledgement('late', 2)")
        committing = threading.Thread(target=busy.commit)
        committing.start()
        book.wait_for(100)
        committing.join(30)
        busy.rows("CALL await_acknowledgement('open', 60)")
    assert book.gap() < 2.0
    cluster.settle(timeout=60)
    check_equal(cluster)
