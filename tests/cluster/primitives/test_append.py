"""Entries and the images that follow from them, in one transaction of a real server."""

import json
import threading
from collections.abc import Iterator

import pytest

from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.entries import Entry
from cluster.protocol.errors import StaleEpoch
from cluster.protocol.names import Mode, NodeName
from tests.harness.node_log import count, counters, entries
from tests.harness.sql import dump

TABLES = ("test_counter", "test_label", "test_word")


class TestAppend:
    """Entries and the images that follow from them, in one transaction."""

    @pytest.mark.parametrize(("promised", "epoch"), [(2, 1), (1, 2)], ids=["older", "newer"])
    @pytest.mark.parametrize("boundary", [True, False], ids=["reconcile", "push"])
    def test_another_epoch_than_the_promised_is_refused(self, main, vice, app, promised, epoch, boundary):
        vice.follow(promised)
        count(app, 1)
        with pytest.raises(StaleEpoch):
            vice.append(epoch, entries(main, 1), boundary=boundary)
        assert counters(vice) == {}
        assert vice.state().last_log_id == 1

    def test_a_push_needs_the_promotion_of_its_epoch(self, main, vice, app):
        """The boundary rule: only a reconcile, which keeps the order of epochs, may come before it."""
        count(app, 1)
        vice.follow(2)
        with pytest.raises(StaleEpoch, match=r"epoch 2 has not begun in this node's log; .* is of epoch 1"):
            vice.append(2, entries(main, 1), boundary=False)
        assert counters(vice) == {}
        vice.append(2, entries(main, 1), boundary=True)
        assert counters(vice) == {1: 1}

    def test_repeated_it_adds_nothing(self, main, vice, app):
        for record in (1, 2, 1):
            count(app, record)
        first = vice.append(1, entries(main), boundary=False)
        again = vice.append(1, entries(main), boundary=False)
        assert ((first.entries, first.transactions), (again.entries, again.transactions)) == ((3, 3), (0, 0))
        assert counters(vice) == {1: 2, 2: 1}
        assert entries(vice) == entries(main)

    def test_an_older_entry_does_not_undo_a_newer_one(self, main, vice, app):
        for _ in range(3):
            count(app, 1)
        *older, newest = entries(main, 1)
        vice.append(1, [newest], boundary=False)
        vice.append(1, older, boundary=False)
        assert counters(vice) == {1: 3}

    def test_what_comes_late_of_an_older_epoch_does_not_undo_a_newer_one(self, main, vice, app):
        count(app, 1)
        (entry,) = entries(main, 1)
        seven = '{"id": 1, "value": 7, "writer": ""}'
        older = entry._replace(log_id=80, transaction_id="old", new_value=seven)
        newer = older._replace(log_id=90, epoch=2, transaction_id="new", new_value=entry.new_value)
        vice.append(1, [newer], boundary=True)
        vice.append(1, [older], boundary=True)
        assert counters(vice) == {1: 1}

    def test_any_order_and_any_cut_give_the_same_tables(self, still, main, app):
        """Within an epoch an append is a union of sets."""
        write_a_history(app, main)
        log, expected = entries(main), {table: dump(main.connection, table) for table in TABLES}
        target, root = still.nodes[NodeName.NODE_B], still.connect("node_b", "root")
        for seed in range(8):
            for table in (*TABLES, "transaction_log"):
                root.run(f"TRUNCATE TABLE {table}")
            for part in shuffled(log, seed):
                target.append(1, part, boundary=True)
            assert {table: dump(target.connection, table) for table in TABLES} == expected, f"seed {seed}"
            assert entries(target) == log

    def test_rows_and_json_are_two_ways_to_one_append(self, still, main, vice, app):
        """The replicator brings entries as rows, the SQL console as JSON: what is stored and counted is the same."""
        write_a_history(app, main)
        log, other = entries(main), still.nodes[NodeName.NODE_B]
        for node in (vice, other):
            node.close_writes(Mode.RECOVERING)
        added = []
        for part in (log[:5], log):  # the second one holds the first
            by_rows = vice.append(1, part, boundary=True).entries
            other.connection.run("START TRANSACTION")
            given = json.dumps([entry._asdict() for entry in part])
            other.connection.rows("CALL append_entries(1, TRUE, %s, @added)", (given,))
            other.connection.commit()
            added.append((by_rows, other.connection.row("SELECT @added")[0]))
        assert added == [(4, 4), (len(log) - 5, len(log) - 5)]
        assert entries(vice) == entries(other) == log
        assert [dump(vice.connection, table) for table in TABLES] == [
            dump(other.connection, table) for table in TABLES
        ]
        assert vice.state().replayed == other.state().replayed > 1

    def test_what_cannot_be_stored_is_kept_in_the_log_and_quarantined(self, main, vice, app):
        for record in (1, 2, 3):
            count(app, record, transaction=f"number-{record}")
        first, second, third = entries(main, 1)
        broken = second._replace(new_value='{"id": 2, "no_such_column": 5}')
        vice.append(1, [first, broken, third], boundary=False)
        assert counters(vice) == {1: 1, 3: 1}
        assert entries(vice, 1) == [first, broken, third]
        (held,) = quarantined(vice.connection)
        assert (held.table_name, held.record_id, held.log_id) == ("test_counter", "2", second.log_id)
        assert "the table lacks a column of the image" in held.reason

    def test_a_primary_takes_no_entries_of_another_epoch(self, main):
        (promotion,) = entries(main)
        with pytest.raises(StaleEpoch):
            main.append(0, [promotion._replace(log_id=50, transaction_id="x")], boundary=True)


def write_a_history(app, main: MariaDBNode) -> None:
    """Insert, change, delete, change keys; transactions of one row and of many."""
    for record in (1, 2, 3, 1, 2, 1):
        count(app, record)
    app.run("SET @current_transaction_id = NULL")
    app.run("INSERT INTO test_label VALUES ('x', 1, 'a'), ('x', 2, 'b'), ('y', 1, 'c')")
    app.run("UPDATE test_label SET position = position + 10, text = 'moved' WHERE shelf = 'x'")
    app.run("DELETE FROM test_label WHERE shelf = 'y'")
    app.run("INSERT INTO test_label VALUES ('y', 1, 'again')")
    app.run("SET @current_transaction_id = 'several'")
    app.run("START TRANSACTION")
    app.run("DELETE FROM test_counter WHERE id = 3")
    app.run("INSERT INTO test_counter VALUES (3, 33, ''), (4, 4, '')")
    app.run("UPDATE test_counter SET id = 5 WHERE id = 4")
    app.commit()
    app.run("INSERT INTO test_word VALUES ('one', ''), ('two', '')")
    app.run("DELETE FROM test_word WHERE word = 'one'")
    assert len(entries(main)) > 15


def shuffled(log: list[Entry], seed: int) -> Iterator[list[Entry]]:
    """Yield the transactions of a log in another order, in batches of any size, some of them twice."""
    from random import Random

    chance = Random(seed)
    groups: dict[str, list[Entry]] = {}
    for entry in log:
        groups.setdefault(entry.transaction_id, []).append(entry)
    transactions = list(groups.values()) + chance.sample(list(groups.values()), 4)
    chance.shuffle(transactions)
    while transactions:
        size = chance.randint(1, 5)
        batch, transactions = transactions[:size], transactions[size:]
        yield [entry for transaction in batch for entry in transaction]


class TestReplayUnderWrites:
    """An append on a primary's follower while somebody reads there."""

    def test_a_reader_sees_transactions_whole(self, still, main, vice, app):
        app.run("INSERT INTO test_counter VALUES (1, 0, ''), (2, 0, '')")
        vice.append(1, entries(main, 1), boundary=False)
        over, torn = threading.Event(), []

        def read() -> None:
            session = still.connect("node_a")
            while not over.is_set():
                values = {value for (value,) in session.rows("SELECT value FROM test_counter")}
                torn.extend([values] if len(values) > 1 else [])

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(60):
            after = main.state().last_log_id
            app.run("UPDATE test_counter SET value = value + 1")
            vice.append(1, entries(main, after), boundary=False)
        over.set()
        reader.join(10)
        assert torn == []
        assert counters(vice) == {1: 60, 2: 60}
