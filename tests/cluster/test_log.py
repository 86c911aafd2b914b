"""The log triggers: each change of a row is one entry, in the transaction of the change."""

import json
import os
import threading
import time
from pathlib import Path

import MySQLdb
import pytest

from tests.harness.sql import refusal, row_entries

TRANSACTIONS = "SELECT DISTINCT transaction_id FROM transaction_log WHERE log_type = 'ROW'"


@pytest.fixture
def main(cluster):
    """Return the application's session on Main."""
    return cluster.connect("main")


def insert(main, *words: str) -> None:
    main.many("INSERT INTO test_word VALUES (%s, %s)", [(word, "") for word in words])


def operations(main) -> list[str]:
    return [f"{operation} {record}" for operation, _, record in row_entries(main)]


def test_an_entry_has_the_full_images_and_the_epoch_of_the_lease(main):
    insert(main, "a")
    main.run("UPDATE test_word SET meaning = 'first' WHERE word = 'a'")
    main.run("DELETE FROM test_word WHERE word = 'a'")
    images = main.rows(
        "SELECT operation_type, old_value, new_value, epoch, source_node, log_sequence FROM transaction_log"
        " WHERE table_name = 'test_word' ORDER BY log_id"
    )
    before, after = {"word": "a", "meaning": ""}, {"word": "a", "meaning": "first"}
    assert [(op, old and json.loads(old), new and json.loads(new)) for op, old, new, *_ in images] == [
        ("INSERT", None, before),
        ("UPDATE", before, after),
        ("DELETE", after, None),
    ]
    assert {
        tuple(more) for *_, epoch, source, sequence in images for more in [(epoch, source, sequence)]
    } == {(1, "MAIN", 1)}


def test_a_rolled_back_change_leaves_no_entry(main):
    main.run("START TRANSACTION")
    insert(main, "a")
    main.run("ROLLBACK")
    assert row_entries(main) == []


def test_a_refused_statement_leaves_neither_row_nor_entry(main):
    insert(main, "a")
    refusal(main, "INSERT INTO test_word VALUES ('b', ''), ('a', '')", code=1062)
    assert operations(main) == ["INSERT a"]


def test_replace_is_a_delete_and_an_insert(main):
    insert(main, "a")
    main.run("REPLACE INTO test_word VALUES ('a', 'other')")
    assert operations(main) == ["INSERT a", "DELETE a", "INSERT a"]


def test_insert_on_duplicate_key_is_an_insert_or_an_update(main):
    for _ in range(2):
        main.run("INSERT INTO test_word VALUES ('a', '') ON DUPLICATE KEY UPDATE meaning = 'twice'")
    assert operations(main) == ["INSERT a", "UPDATE a"]


def test_insert_ignore_logs_only_what_it_inserted(main):
    insert(main, "a")
    main.run("INSERT IGNORE INTO test_word VALUES ('a', 'other'), ('b', '')")
    assert operations(main) == ["INSERT a", "INSERT b"]


def test_an_update_of_several_tables_logs_each_row(main):
    insert(main, "a", "b")
    main.run("INSERT INTO test_counter VALUES (1, 0, '')")
    main.run("UPDATE test_word, test_counter SET meaning = 'x', value = 7")
    assert sorted(operations(main)[3:]) == ["UPDATE 1", "UPDATE a", "UPDATE b"]


def test_a_delete_from_several_tables_logs_each_row(main):
    insert(main, "a", "b")
    main.run("INSERT INTO test_counter VALUES (1, 0, '')")
    main.run("DELETE test_word, test_counter FROM test_word, test_counter")
    assert sorted(operations(main)[3:]) == ["DELETE 1", "DELETE a", "DELETE b"]


def test_insert_select_logs_each_row(main):
    insert(main, "1", "2", "3")
    main.run("INSERT INTO test_counter SELECT word, 0, '' FROM test_word ORDER BY word")
    assert operations(main)[3:] == ["INSERT 1", "INSERT 2", "INSERT 3"]


def test_a_changed_key_is_two_records(main):
    insert(main, "a")
    main.run("UPDATE test_word SET word = 'z' WHERE word = 'a'")
    assert operations(main) == ["INSERT a", "DELETE a", "INSERT z"]


@pytest.mark.parametrize("variant", ["A", "a ", "\u00e1"], ids=["case", "space", "accent"])
def test_a_key_changed_to_its_equal_is_two_records_too(main, variant):
    """The server takes them for equal, the log does not."""
    insert(main, "a")
    main.run("UPDATE test_word SET word = %s WHERE word = 'a'", (variant,))
    assert operations(main) == ["INSERT a", "DELETE a", f"INSERT {variant}"]


def test_a_key_of_several_columns_is_one_record(main):
    main.run("INSERT INTO test_label VALUES ('x', 1, ''), ('x', 2, '')")
    main.run("UPDATE test_label SET position = 3 WHERE position = 2")
    assert operations(main) == [
        'INSERT ["x", "1"]', 'INSERT ["x", "2"]', 'DELETE ["x", "2"]', 'INSERT ["x", "3"]',
    ]  # fmt: skip


def test_load_data_logs_each_row(cluster, servers, tmp_path):
    file = tmp_path / "words.tsv"
    file.write_text("a\tfirst\nb\tsecond\n")
    load(servers, file)
    assert operations(cluster.connect("main")) == ["INSERT a", "INSERT b"]


def test_a_client_may_pause_in_what_it_sends(cluster, servers, tmp_path):
    """Longer than a federated link waits for its peer."""
    pipe = tmp_path / "words.fifo"
    os.mkfifo(pipe)

    def feed() -> None:
        with pipe.open("w") as words:
            words.write("a\tfirst\n")
            words.flush()
            time.sleep(3)
            words.write("b\tsecond\n")

    feeding = threading.Thread(target=feed)
    feeding.start()
    load(servers, pipe)
    feeding.join()
    assert operations(cluster.connect("main")) == ["INSERT a", "INSERT b"]


def load(servers, file: Path) -> None:
    """Load words with the application's account."""
    node = servers.local["main"]
    loader = MySQLdb.connect(
        host="127.0.0.1", port=node.port, user=servers.application.user, autocommit=True,
        password=servers.application.password, database=node.database, local_infile=True,
    )  # fmt: skip
    with loader.cursor() as cursor:
        cursor.execute(f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE test_word")
    loader.close()


def test_the_rows_of_a_statement_are_one_transaction(main):
    insert(main, "a", "b", "c")
    insert(main, "d")
    sequences = main.rows("SELECT log_sequence FROM transaction_log WHERE log_type = 'ROW' ORDER BY log_id")
    assert sequences == ((1,), (2,), (3,), (1,))
    assert len(main.rows(TRANSACTIONS)) == 2


def test_the_statements_of_a_named_transaction_are_one(main):
    main.run("SET @current_transaction_id = 'mine'")
    main.run("START TRANSACTION")
    insert(main, "a")
    main.run("DELETE FROM test_word")
    main.commit()
    assert main.rows(TRANSACTIONS) == (("mine",),)
    sequences = main.rows("SELECT log_sequence FROM transaction_log WHERE log_type = 'ROW' ORDER BY log_id")
    assert sequences == ((1,), (2,))


def test_two_sessions_at_the_same_moment_have_ids_of_their_own(cluster):
    """Also when a session has stopped its clock."""
    sessions = [cluster.connect("main") for _ in range(2)]
    for number, session in enumerate(sessions):
        session.run("SET timestamp = 1000000000")
        insert(session, str(number))
    assert len(sessions[0].rows(TRANSACTIONS)) == 2


def test_every_replicated_table_has_its_triggers(cluster):
    """What set-up installs is what this file has tested: guard and log for each event."""
    counts = cluster.connect("main", "root").rows(
        "SELECT EVENT_OBJECT_TABLE, COUNT(*) FROM information_schema.TRIGGERS"
        " WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE <> 'inbox' GROUP BY 1"
    )
    tables = {"title_ft", "orphaned_transaction", "test_specimen", "test_label", "test_word"}
    assert tables <= {name for name, _ in counts}
    assert {count for _, count in counts} == {6}
