"""What one node does for the protocol, each primitive atomic on a real server."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from cluster.actions.replication.feed import Feed
from cluster.actions.steps import reconcile as reconciling
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.errors import ConsentRunning, NodeFailed, StaleEpoch
from cluster.protocol.gaps import Range
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import LargeTransaction
from tests.harness.coordinators import WritersOf
from tests.harness.sql import dump

TABLES = ("test_counter", "test_label", "test_word")


@pytest.fixture
def still(cluster):
    """A cluster whose replicator does not work: what moves, the test moves."""
    cluster.settle()
    cluster.replicator.stop()
    return cluster


@pytest.fixture
def main(still) -> MariaDBNode:
    """The primary, of epoch 1."""
    return still.nodes[NodeName.MAIN]


@pytest.fixture
def vice(still) -> MariaDBNode:
    """A follower."""
    return still.nodes[NodeName.NODE_A]


@pytest.fixture
def app(still):
    """The application's session on Main."""
    return still.connect("main")


def count(app, record: int, transaction: str | None = None) -> None:
    """One write: a new counter, or one more."""
    app.run("SET @current_transaction_id = %s", (transaction,))
    app.run(
        "INSERT INTO test_counter VALUES (%s, 1, '') ON DUPLICATE KEY UPDATE value = value + 1", (record,)
    )


def entries(node: MariaDBNode, after: int = 0) -> list[Entry]:
    """All entries of a log that stand after `after`."""
    return list(node.read_log(after, 1_000_000).entries)


def counters(node: MariaDBNode) -> dict[int, int]:
    return dict(node.connection.rows("SELECT id, value FROM test_counter"))


class TestClaim:
    """One compare-and-set on the promise."""

    def test_each_epoch_is_claimed_once(self, vice):
        vice.claim(5, 1)
        for epoch in (5, 4, 1):
            with pytest.raises(StaleEpoch, match="it has promised epoch 5"):
                vice.claim(epoch, 1)
        vice.claim(6)
        assert vice.state().promised == 6

    def test_of_many_rivals_one_wins(self, still):
        rivals = [still.fresh_nodes()[NodeName.NODE_A] for _ in range(8)]

        def won(node: MariaDBNode) -> bool:
            try:
                node.claim(7, 1)
            except StaleEpoch:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(won, rivals)).count(True) == 1

    def test_it_waits_for_a_consent(self, vice):
        vice.consent(1, 5.0)
        with pytest.raises(ConsentRunning, match="lease of epoch 1") as running:
            vice.claim(2)
        assert 4 < running.value.seconds <= 5
        assert vice.state().promised == 1

    def test_a_shorter_consent_does_not_shorten_a_longer_one(self, vice):
        vice.consent(1, 60.0)
        vice.consent(1, 0.1)
        assert vice.state().consent_seconds > 59

    def test_a_consent_runs_out(self, still, vice):
        still.connect("node_a", "root").run(
            "UPDATE node_config SET config_value = UNIX_TIMESTAMP(SYSDATE(6))"
            " WHERE config_key = 'consent_until'"
        )
        vice.consent(1, 0.3)
        with pytest.raises(ConsentRunning):
            vice.claim(2)
        time.sleep(0.35)
        vice.claim(2)

    def test_only_the_waived_epoch_is_waived(self, vice):
        vice.consent(1, 60.0)
        with pytest.raises(ConsentRunning):
            vice.claim(3, 2)
        vice.claim(3, 1)

    def test_a_consent_before_the_present_promise_was_waited_for_already(self, vice):
        vice.consent(1, 60.0)
        vice.claim(2, 1)
        vice.claim(3)
        assert vice.state().promised == 3

    def test_a_primary_is_claimed_whatever_it_consented_to(self, main):
        main.claim(2)
        assert not main.state().writable


class TestConsent:
    """A promise to let nobody claim the node for a time."""

    @pytest.mark.parametrize("epoch", [0, 2, 99])
    def test_it_is_for_the_promised_epoch_alone(self, vice, epoch):
        with pytest.raises(StaleEpoch, match="has promised epoch 1"):
            vice.consent(epoch, 60.0)
        assert vice.state().consent_seconds < 4


class TestLease:
    """Opened by a promotion, renewed while held, given up by a mode change."""

    def test_open_renew_close(self, main):
        main.claim(2)
        main.write_promotion(2, '{"node": "main", "label": "Main", "watermark": 0}')
        main.open_writes(2, Mode.PRIMARY, main.beat(), 3)
        assert main.lease_epoch() == 2
        main.renew_lease(2, main.beat(), 30)
        state = main.state()
        assert state.lease is not None
        assert state.writable
        assert 29 < state.lease.seconds < 30
        main.close_writes(Mode.RECOVERING)
        assert main.lease_epoch() is None
        assert (main.state().mode, main.state().lease) == (Mode.RECOVERING, None)
        main.close_writes(Mode.RECOVERING)

    def test_it_opens_only_with_the_promotion_in_the_log(self, main):
        main.claim(2)
        with pytest.raises(StaleEpoch, match="its newest promotion is of epoch 1"):
            main.open_writes(2, Mode.PRIMARY, main.beat(), 3)
        assert main.lease_epoch() is None

    @pytest.mark.parametrize("epoch", [1, 3])
    def test_it_opens_only_in_the_promised_epoch(self, main, epoch):
        main.claim(2)
        with pytest.raises(StaleEpoch, match="has promised epoch 2"):
            main.open_writes(epoch, Mode.PRIMARY, main.beat(), 3)

    def test_a_follower_has_nothing_to_renew(self, vice):
        with pytest.raises(StaleEpoch, match="no lease to renew"):
            vice.renew_lease(1, vice.beat(), 30)
        assert not vice.state().writable

    def test_recovering_begins_the_count_of_replayed_transactions_anew(self, main, vice, app):
        vice.close_writes(Mode.RECOVERING)
        count(app, 1)
        count(app, 1)
        vice.append(1, entries(main), boundary=True)
        assert vice.state().replayed == 2
        vice.close_writes(Mode.RECOVERING)
        assert vice.state().replayed == 2
        vice.close_writes(Mode.VICE)
        vice.close_writes(Mode.RECOVERING)
        assert vice.state().replayed == 0


class TestFollow:
    """The promise is raised, never lowered."""

    def test_it_is_raised_and_kept(self, vice):
        vice.follow(3)
        vice.follow(3)
        assert vice.state().promised == 3
        with pytest.raises(StaleEpoch, match="has promised epoch 3"):
            vice.follow(2)

    def test_the_primary_of_the_epoch_keeps_its_lease(self, main):
        main.follow(1)
        assert main.state().writable


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
    """Inserts, changes, deletes, changed keys; transactions of one row and of many."""
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
    """The transactions of a log in another order, in batches of any size, some of them twice."""
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


class TestSetAside:
    """Entries that the cluster did not keep: out of the log, kept apart, their records restored."""

    @pytest.fixture
    def level(self, main, vice, app) -> MariaDBNode:
        """Node A with three counters and what it held of them: 1 once, 2 twice, 3 once."""
        for record in (1, 2, 2, 3):
            count(app, record)
        vice.append(1, entries(main), boundary=True)
        return vice

    @staticmethod
    def leave_orphans(level, main, app, *statements: str) -> list[EntryId]:
        """Entries that Node A holds and the cluster did not keep."""
        last = main.state().last_log_id
        app.run("SET @current_transaction_id = 'orphaned'")
        for sql in statements:
            app.run(sql)
        lost = entries(main, last)
        level.append(1, lost, boundary=True)
        level.follow(2)
        return [entry.id for entry in lost]

    @pytest.mark.parametrize(
        "statements",
        [
            ["UPDATE test_counter SET value = 99 WHERE id = 2"],
            ["INSERT INTO test_counter VALUES (9, 9, '')"],
            ["DELETE FROM test_counter"],
            ["UPDATE test_counter SET value = 99", "DELETE FROM test_counter WHERE id = 1"],
            ["UPDATE test_counter SET id = id + 100"],
            ["DELETE FROM test_counter WHERE id = 1", "INSERT INTO test_counter VALUES (1, 50, 'other')"],
            ["INSERT INTO test_counter VALUES (9, 9, '')", "DELETE FROM test_counter WHERE id = 9"],
        ],
        ids=["update", "insert", "delete", "update and delete", "keys", "replaced", "came and went"],
    )
    def test_records_go_back_to_what_they_were(self, level, main, app, statements):
        before, size = dump(level.connection, "test_counter"), len(entries(level))
        lost = self.leave_orphans(level, main, app, *statements)
        assert level.orphan_entries(2, lost) == len(lost)
        assert dump(level.connection, "test_counter") == before
        assert len(entries(level)) == size
        assert [entry.id for entry in level.orphaned(100)] == sorted(lost, key=lambda item: item.log_id)

    def test_a_record_without_another_entry_goes_back_to_its_old_value(self, level, main, app, still):
        still.connect("node_a", "root").run("DELETE FROM transaction_log WHERE record_id = '1'")
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99 WHERE id = 1")
        level.orphan_entries(2, lost)
        assert counters(level)[1] == 1

    def test_a_newer_entry_of_the_record_stays(self, level, main, app):
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99 WHERE id = 2")
        orphaned = entries(level)[-1]
        kept = orphaned._replace(
            log_id=500, epoch=2, transaction_id="kept", new_value='{"id": 2, "value": 7, "writer": ""}'
        )
        level.append(2, [kept], boundary=True)
        level.orphan_entries(2, lost)
        assert counters(level)[2] == 7

    def test_repeated_it_does_nothing(self, level, main, app):
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99")
        level.orphan_entries(2, lost)
        state = dump(level.connection, "test_counter")
        assert level.orphan_entries(2, lost) == 0
        assert dump(level.connection, "test_counter") == state

    def test_it_needs_the_promised_epoch(self, level, main, app):
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99")
        with pytest.raises(StaleEpoch):
            level.orphan_entries(1, lost)
        assert level.orphaned(100) == []

    def test_orphaned_entries_are_forgotten_by_identity(self, level, main, app):
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99")
        level.orphan_entries(2, lost)
        level.forget_orphaned_entries(lost[:1])
        assert [entry.id for entry in level.orphaned(100)] == lost[1:]
        assert level.state().orphaned == 2

    def test_the_floor_is_lowered_below_what_was_removed(self, level, main, app):
        lost = self.leave_orphans(level, main, app, "UPDATE test_counter SET value = 99")
        level.verify(lost[-1].log_id)
        level.orphan_entries(2, lost)
        watermark = level.state().watermark
        assert (watermark.log_id, watermark.entries) == (lost[0].log_id - 1, len(entries(level)))


class TestFloor:
    """Everything at or below the commit watermark is on a majority for good."""

    def test_it_rises_and_counts(self, main, app):
        for record in range(5):
            count(app, record)
        main.verify(3)
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (3, 3)
        main.verify(6)
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (6, 6)
        assert main.state().entries == 6

    def test_it_never_falls(self, main, app):
        count(app, 1)
        main.verify(2)
        main.verify(1)
        assert main.state().watermark.log_id == 2

    def test_many_at_once_count_once(self, still, main, app):
        for record in range(20):
            count(app, record)
        rivals = [still.fresh_nodes()[NodeName.MAIN] for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: [n.verify(upto) for upto in range(2, 22)], rivals))
        assert (main.state().watermark.log_id, main.state().watermark.entries) == (21, 21)


class TestWindows:
    """The log is read in windows of whole transactions."""

    @pytest.fixture
    def crossed(self, still) -> list[Entry]:
        """Transactions of 1, 2, 7 and 40 entries whose entries stand between one another's."""
        sessions = {size: still.connect("main") for size in (1, 2, 7, 40)}
        for size, session in sessions.items():
            session.run("SET @current_transaction_id = %s", (f"of-{size}",))
            session.run("START TRANSACTION")
        for turn in range(40):
            for size, session in sessions.items():
                if turn < size:
                    session.run("INSERT INTO test_counter VALUES (%s, 0, '')", (size * 1000 + turn,))
        for session in sessions.values():
            session.commit()
        return entries(still.nodes[NodeName.MAIN])

    @pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 41, 51, 52])
    def test_no_window_cuts_a_transaction(self, main, crossed, limit):
        sizes = {entry.transaction_id: 0 for entry in crossed}
        for entry in crossed:
            sizes[entry.transaction_id] += 1
        seen, after, large = set(), 0, []
        while True:
            window = main.read_log(after, limit, large)
            seen.update((entry.transaction_id, entry.log_id) for entry in window.entries)
            if window.large is not None:
                assert window.large.entries == sizes[window.large.transaction_id]
                large.append(window.large.transaction_id)
                seen.update((large[-1], entry.log_id) for entry in parts(main, window.large, limit))
                continue
            found = [name for name, _ in seen]
            assert {name: found.count(name) for name in found} == {name: sizes[name] for name in found}
            if window.complete:
                break
            assert window.upto > after
            after = window.upto
        assert seen == {(entry.transaction_id, entry.log_id) for entry in crossed}

    def test_a_window_may_end_with_the_log(self, main, crossed):
        window = main.read_log(crossed[-1].log_id, 10)
        assert (window.entries, window.upto, window.complete) == ([], crossed[-1].log_id, True)

    def test_ranges_are_read_in_the_same_snapshot(self, main, crossed):
        window = main.read_entries(crossed[-1].log_id, [Range(1, 1), Range(5, 4)], 10)
        assert [entry.log_id for entry in window.entries] == [1]

    def test_identities_come_in_order_and_in_parts(self, main, crossed):
        ids = main.log_ids(0)
        assert ids == [entry.id for entry in crossed]
        assert main.log_ids(3, upto=7) == ids[3:7]
        assert main.log_ids(3, limit=2) == ids[3:5]
        assert all(one.log_id < two.log_id for one, two in pairwise(ids))


def parts(node: MariaDBNode, large: LargeTransaction, limit: int) -> Iterator[Entry]:
    """A large transaction, part by part."""
    after = 0
    while part := node.read_part(large, after, limit):
        assert len(part) <= limit
        yield from part
        after = part[-1].log_id


class TestLarge:
    """A transaction that does not fit into a window comes in parts and is seen whole."""

    @pytest.fixture
    def large(self, main, app) -> LargeTransaction:
        """Three entries, among those of others."""
        app.run("SET @current_transaction_id = 'large'")
        app.run("INSERT INTO test_counter VALUES (1, 1, ''), (2, 1, ''), (3, 1, '')")
        count(app, 9, transaction="small")
        found = main.read_log(1, 2).large
        assert found is not None
        return found

    def test_nobody_sees_its_parts_before_all_are_there(self, main, vice, large):
        assert (large.transaction_id, large.entries, large.ranges) == ("large", 3, (Range(2, 4),))
        first = main.read_part(large, 0, 2)
        vice.stage(first)
        vice.stage(first)
        assert (vice.staged(large), vice.state().last_log_id, counters(vice)) == (3, 1, {})
        with pytest.raises(NodeFailed, match="parts of the transaction are missing"):
            vice.install_staged(1, large, boundary=False)
        vice.stage(main.read_part(large, vice.staged(large), 2))
        assert counters(vice) == {}
        assert vice.install_staged(1, large, boundary=False).entries == 3
        assert counters(vice) == {1: 1, 2: 1, 3: 1}
        assert entries(vice) == entries(main)[:4]
        assert vice.staged(large) == 0

    def test_a_newer_entry_that_came_before_stays(self, main, vice, app, large):
        count(app, 2, transaction="later")
        vice.append(
            1, [entry for entry in entries(main, 1) if entry.transaction_id != "large"], boundary=False
        )
        vice.stage(main.read_part(large, 0, 10))
        vice.install_staged(1, large, boundary=False)
        assert counters(vice) == {1: 1, 2: 2, 3: 1, 9: 1}

    def test_a_node_that_was_claimed_takes_none_of_it(self, main, vice, large):
        vice.stage(main.read_part(large, 0, 10))
        vice.claim(2, 1)
        with pytest.raises(StaleEpoch, match="has promised epoch 2"):
            vice.install_staged(1, large, boundary=False)
        assert (counters(vice), vice.state().last_log_id) == ({}, 1)
        vice.drop_staged(2)
        assert vice.staged(large) == 0

    def test_a_window_holds_few_large_images(self, main, app):
        """And takes as many small ones as before once the large ones are over."""
        for number in range(12):
            app.run("SET @current_transaction_id = %s", (f"note-{number}",))
            app.run("INSERT INTO test_specimen (note) VALUES (REPEAT('x', 1048576))")
        for record in range(100):
            count(app, record)
        sizes, after = [], 1
        while True:
            window = main.read_log(after, 1000)
            sizes.append(len(window.entries))
            if window.complete:
                break
            after = window.upto
        assert sum(sizes) == 112
        assert sizes[:2] == [4, 4]
        assert len(sizes) < 10

    @pytest.mark.parametrize("part", [1, 2, 1000])
    def test_a_reconcile_brings_it(self, main, vice, large, monkeypatch, part):
        monkeypatch.setattr(reconciling, "WINDOW", 2)
        monkeypatch.setattr("cluster.actions.steps.large.PART", part)
        done = reconciling.reconcile(vice, main, 1)
        assert (done.entries, done.transactions) == (4, 2)
        assert entries(vice) == entries(main)
        assert counters(vice) == {1: 1, 2: 1, 3: 1, 9: 1}


class TestLateCommits:
    """Log ids are handed out in order, transactions commit in any."""

    @pytest.fixture
    def feed(self, still, main) -> Feed:
        """Main's log on its way to Node B, carried by hand."""
        feed = Feed(main, still.nodes[NodeName.NODE_B], 1, WritersOf(main))
        feed.join(feed.target.state())
        feed.carry()
        return feed

    @pytest.fixture
    def open_write(self, still, feed):
        """A transaction that has its log id and does not commit; another one has committed after it."""
        session = still.connect("main")
        session.run("START TRANSACTION")
        count(session, 1, transaction="late")
        count(still.connect("main"), 2, transaction="quick")
        return session

    @staticmethod
    def question(feed: Feed) -> None:
        """Who writes now."""
        feed.gaps.ask()
        feed.gaps.answer(feed.source.writing_transactions())

    def ask(self, feed: Feed, times: int = 1) -> None:
        """As the replicator does: look, then ask who writes."""
        for _ in range(times):
            feed.carry()
            self.question(feed)

    def test_an_open_transaction_holds_up_nobody(self, feed, open_write):
        assert list(feed.carry()) == ["quick"]
        assert counters(feed.target) == {2: 1}

    def test_what_commits_late_is_found(self, feed, open_write):
        self.ask(feed, 3)
        open_write.commit()
        assert list(feed.carry()) == ["late"]
        assert counters(feed.target) == {1: 1, 2: 1}
        self.ask(feed)
        assert (feed.gaps.ranges, feed.gaps.watermark) == ([], 3)

    def test_the_floor_stays_below_what_may_still_come(self, feed, open_write):
        self.ask(feed, 4)
        assert feed.gaps.watermark == 1
        open_write.commit()
        self.ask(feed, 2)
        assert feed.gaps.watermark == 3

    def test_what_was_rolled_back_is_given_up(self, feed, open_write):
        self.ask(feed, 2)
        open_write.run("ROLLBACK")
        self.ask(feed, 3)
        assert (feed.gaps.ranges, feed.gaps.watermark) == ([], 3)

    def test_a_commit_between_question_and_look_is_not_given_up(self, feed, open_write):
        """The question finds nobody writing any more; what he wrote is there to be seen."""
        feed.carry()
        self.question(feed)
        open_write.commit()
        self.question(feed)
        self.ask(feed, 2)
        assert counters(feed.target) == {1: 1, 2: 1}

    def test_new_gaps_do_not_keep_old_ones_open(self, still, feed, open_write):
        """While somebody always writes, a gap closes all the same."""
        self.ask(feed, 1)
        open_write.run("ROLLBACK")
        sessions = [still.connect("main") for _ in range(2)]
        for turn in range(6):
            session = sessions[turn % 2]
            session.run("START TRANSACTION")
            count(session, 100 + turn, transaction=f"turn-{turn}")
            sessions[1 - turn % 2].run("ROLLBACK")
            self.ask(feed)
        assert feed.gaps.watermark >= 3


class TestOpenTransactions:
    """Who is writing now, from a list that the server keeps for 0.1 s."""

    def test_a_writer_is_seen_the_moment_it_has_written(self, still, main):
        session = still.connect("main")
        for turn in range(10):
            main.connection.rows("SELECT * FROM information_schema.INNODB_TRX")
            session.run("START TRANSACTION")
            count(session, turn)
            (own,) = session.row("SELECT CONNECTION_ID()")
            writing = main.writing_transactions()
            session.run("ROLLBACK")
            assert len(writing) == 1, f"turn {turn}, session {own}"
            assert main.writing_transactions() == frozenset()

    def test_all_who_ask_at_once_get_an_answer(self, still, main):
        session = still.connect("main")
        session.run("START TRANSACTION")
        count(session, 1)
        (writer,) = main.writing_transactions()
        askers = [still.fresh_nodes()[NodeName.MAIN] for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda node: [node.writing_transactions() for _ in range(2)], askers))
        assert all(writer in writing for answer in answers for writing in answer)


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
