"""What the log cannot hold is refused at once, and spoils nothing for the writers that come later."""

import threading
import time

import pytest

from cluster.protocol.errors import INVALID
from tests.harness.sql import dump, refusal, row_entries


@pytest.mark.parametrize("ignore", ["", "IGNORE"], ids=["strict", "ignore"])
@pytest.mark.parametrize(
    ("value", "size"),
    [("note) VALUES (REPEAT(CHAR(1), 12 << 20))", 73), ("photo) VALUES (REPEAT('x', 31 << 20))", 62)],
)
def test_an_image_that_is_too_large_spoils_no_later_one(cluster, ignore, value, size):
    app, other = cluster.connect("main", timeout=20), cluster.connect("main")
    app.run("INSERT INTO test_specimen (slot, note) VALUES (0, 'a')")
    (first,) = app.row("SELECT id FROM test_specimen")
    assert refusal(app, f"INSERT {ignore} INTO test_specimen ({value}", code=INVALID) == (
        f"The row '{first + 1}' of test_specimen takes at least {size} MiB as JSON in the log; "
        "the limit is 40 MiB for one row. Keep content of this size in files or object storage and its name in the row."
    )
    assert len(row_entries(other)) == 1
    other.run("INSERT INTO test_specimen (slot, note) VALUES (3, 'f')")
    other.run("INSERT INTO test_specimen (slot, note, photo) VALUES (1, 'a', 'b'), (2, 'c', 'd')")
    other.run("UPDATE test_specimen SET note = 'e' WHERE slot = 1")
    app.run("DELETE FROM test_specimen WHERE slot = 2")
    cluster.settle()
    kept = dump(other, "test_specimen")
    assert len(kept) == 3
    for name in ("node_a", "node_b"):
        assert dump(cluster.connect(name), "test_specimen") == kept


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (
            "'INSERT', 'test_word', 'a', NULL, NULL",
            "The INSERT in test_word of 'a' was refused: the server made",
        ),
        ("'UPDATE', 'test_word', 'a', NULL, '{}'", "the server made no JSON"),
        ("'UPDATE', 'test_word', 'a', '{}', NULL", "the server made no JSON"),
        ("'DELETE', 'test_word', 'a', NULL, NULL", "the server made no JSON"),
        ("'INSERT', 'test_word', NULL, NULL, '{}'", "of NULL was refused: its primary key is NULL as text"),
        (
            "'INSERT', 'test_word', REPEAT('\u00e9', 256), NULL, '{}'",
            "256 characters as text; the log identifies",
        ),
    ],
)
def test_an_entry_without_what_it_needs_is_refused(cluster, entry, reason):
    owner = cluster.connect("main", "cluster")
    assert reason in refusal(owner, f"CALL write_entry({entry})", code=INVALID)
    assert row_entries(owner) == []


def test_a_record_of_the_longest_id_is_logged_whole(cluster):
    owner = cluster.connect("main", "cluster")
    owner.run("CALL write_entry('INSERT', 'no_table', REPEAT('\u00e9', 255), NULL, '{}')")
    assert row_entries(owner) == [("INSERT", "no_table", "\u00e9" * 255)]


def test_a_long_statement_makes_no_other_writer_wait(cluster):
    """The ids of the log are handed out to others while a statement of many rows takes its own."""
    slow, quick = cluster.connect("main", timeout=20), cluster.connect("main")
    quick.many("INSERT INTO test_counter VALUES (%s, 0, '')", [(number,) for number in range(100)])
    update = "UPDATE test_counter SET value = value + 1 + SLEEP(0.03) WHERE id < 90"
    waiting = threading.Thread(target=slow.run, args=(update,))
    waiting.start()
    time.sleep(0.5)
    quick.run("UPDATE test_counter SET value = 7 WHERE id = 99")
    assert waiting.is_alive()
    waiting.join(15)
    entries = [int(record) for _, _, record in row_entries(quick)][100:]
    assert 0 < entries.index(99) < 90


@pytest.mark.timeout(300)
@pytest.mark.parametrize("column", ["note", "photo"])
def test_a_large_row_reaches_every_node(cluster, column):
    """Text of 32 MiB, bytes of 19: inserted, changed in another column, deleted."""
    app = cluster.connect("main", timeout=70)
    size = (32 if column == "note" else 19) << 20
    for number, statement in enumerate(
        (
            f"INSERT INTO test_specimen (slot, {column}) VALUES (1, REPEAT('x', {size}))",
            "UPDATE test_specimen SET slot = 2",
            "DELETE FROM test_specimen",
        ),
        1,
    ):
        app.run(f"SET @current_transaction_id = 'large-{number}'")
        app.run(statement)
        app.run(f"CALL await_acknowledgement('large-{number}', 60)")
        cluster.settle(60)
        prints = {
            tuple(
                cluster.connect(name).rows(f"SELECT slot, LENGTH({column}), MD5({column}) FROM test_specimen")
            )
            for name in ("main", "node_a", "node_b")
        }
        assert len(prints) == 1


def test_the_limit_of_a_row_is_exact(cluster):
    """Text that could take six times its length is measured, not guessed; a smaller packet lowers the limit."""
    root = cluster.connect("main", "root")
    (before,) = root.row("SELECT @@GLOBAL.max_allowed_packet")
    root.run("SET GLOBAL max_allowed_packet = 8 << 20")
    app = cluster.connect("main")
    app.row("SELECT 1")
    root.run(f"SET GLOBAL max_allowed_packet = {before}")
    app.run("INSERT INTO test_specimen (note) VALUES (REPEAT('x', 1048570))")
    app.run("INSERT INTO test_specimen (note) VALUES (REPEAT('\"', 524280))")
    sentence = refusal(app, "UPDATE test_specimen SET note = REPEAT('\"', 524290)", code=INVALID)
    assert "takes at least 2 MiB as JSON in the log; the limit is 1 MiB for one row" in sentence
    assert len(row_entries(app)) == 2
    cluster.settle()


@pytest.mark.timeout(300)
def test_a_row_from_before_the_limit_can_be_deleted_and_made_smaller(cluster):
    """It stands on every node with an image of 62 MiB, which no statement of today could store."""
    for name in ("main", "node_a", "node_b"):
        root = cluster.connect(name, "root", timeout=20)
        root.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
        root.run(
            "INSERT INTO test_specimen (id, slot, photo)"
            " VALUES (1, 1, REPEAT('x', 31 << 20)), (2, 2, REPEAT('y', 31 << 20))"
        )
    app = cluster.connect("main", timeout=30)
    sentence = refusal(app, "UPDATE test_specimen SET slot = 3 WHERE id = 1", code=INVALID)
    assert "The row '1' of test_specimen takes at least 62 MiB as JSON in the log" in sentence
    statements = (
        "UPDATE test_specimen SET photo = 'z' WHERE id = 1",
        "DELETE FROM test_specimen WHERE id = 2",
    )
    for number, statement in enumerate(statements):
        app.run(f"SET @current_transaction_id = 'legacy-{number}'")
        app.run(statement)
        app.run(f"CALL await_acknowledgement('legacy-{number}', 20)")
    cluster.settle(20)
    for name in ("main", "node_a", "node_b"):
        assert cluster.connect(name).rows("SELECT id, slot, photo FROM test_specimen") == ((1, 1, b"z"),)
