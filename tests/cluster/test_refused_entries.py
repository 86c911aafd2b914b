"""What the log cannot hold is refused at once, and spoils nothing for the writers that come later."""

import threading
import time

import MySQLdb
import pytest

from tests.harness.sql import INVALID, dump, refusal, row_entries


@pytest.mark.parametrize("ignore", ["", "IGNORE"], ids=["strict", "ignore"])
@pytest.mark.parametrize(
    "value", ["note) VALUES (REPEAT(CHAR(1), 12 << 20))", "photo) VALUES (REPEAT('x', 36 << 20))"]
)
def test_an_image_that_is_too_large_spoils_no_later_one(cluster, ignore, value):
    app, other = cluster.connect("main", timeout=20), cluster.connect("main")
    app.run("INSERT INTO test_specimen (slot, note) VALUES (0, 'a')")
    with pytest.raises(MySQLdb.Error), app.raw().cursor() as cursor:
        cursor.execute(f"INSERT {ignore} INTO test_specimen ({value}")
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
