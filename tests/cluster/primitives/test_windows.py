"""The log is read in windows of whole transactions; what does not fit comes in parts."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest

from cluster.actions.steps import reconcile as reconciling
from cluster.nodes.log.windows import PIECE_BYTES
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.entries import Entry
from cluster.protocol.errors import NodeFailed, StaleEpoch
from cluster.protocol.gaps import Range
from cluster.protocol.names import NodeName
from cluster.protocol.node import LargeTransaction
from cluster.protocol.parts import Position
from tests.harness.node_log import count, counters, entries


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

    @pytest.mark.parametrize("most", [1, 2, 7, 10_000])
    def test_any_number_of_ranges_is_read_in_order(self, main, crossed, monkeypatch, most):
        """A large transaction that is still open leaves a gap between any two entries of others."""
        monkeypatch.setattr("cluster.nodes.log.windows.MOST_RANGES", most)
        last = crossed[-1].log_id
        ids = [*range(1, last, 3), last + 5]
        window = main.read_entries(last, [Range(log_id, log_id) for log_id in ids], 1000, ["of-7"])
        wanted = [e.log_id for e in crossed if e.log_id in ids and e.transaction_id != "of-7"]
        assert [entry.log_id for entry in window.entries] == wanted

    def test_ranges_cost_a_search_each_and_no_scan(self, main, crossed):
        ranges = [Range(n, n) for n in range(10_000, 60_000, 5)]
        read = "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_read_next', 'Handler_read_rnd_next')"
        first = sum(int(value) for _, value in main.connection.rows(read))
        assert main.read_entries(70_000, ranges, 1000).entries == []
        assert sum(int(value) for _, value in main.connection.rows(read)) - first < 100

    def test_identities_come_in_order_and_in_parts(self, main, crossed):
        ids = main.log_ids(0)
        assert ids == [entry.id for entry in crossed]
        assert main.log_ids(3, upto=7) == ids[3:7]
        assert main.log_ids(3, limit=2) == ids[3:5]
        assert all(one.log_id < two.log_id for one, two in pairwise(ids))


def parts(node: MariaDBNode, large: LargeTransaction, limit: int) -> Iterator[Entry]:
    """Yield a large transaction, part by part."""
    after = Position()
    while part := node.read_part(large, after, limit):
        assert len(part.entries) <= limit
        yield from part.entries
        after = part.end


def test_a_state_passes_over_a_large_transaction_on_its_way(vice):
    """A probe has a deadline, however many entries stand above the commit watermark; both ways of asking agree."""
    before = vice.state().entries
    root = vice.connection
    root.run("SET @n = (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log)")
    root.run(
        "INSERT INTO transaction_log (log_id, epoch, transaction_id, log_sequence, log_type, operation_type,"
        " table_name, record_id, source_node, `timestamp`)"
        " SELECT @n + seq, 1, 'large', seq, 'ROW', 'INSERT', 'test_word', seq, 'MAIN', NOW(6) FROM seq_1_to_21000"
    )
    read = "SHOW SESSION STATUS LIKE 'Handler_read_next'"
    first = int(root.row(read)[1])
    assert vice.state().entries == before + 21_000
    assert int(root.row(read)[1]) - first < 20_500
    assert json.loads(root.row("SELECT own_state()")[0])["entries"] == before + 21_000


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
        first = main.read_part(large, Position(), 2)
        vice.stage(first)
        vice.stage(first)
        assert (vice.staged(large), vice.state().last_log_id, counters(vice)) == (Position(3), 1, {})
        with pytest.raises(NodeFailed, match="parts of the transaction are missing"):
            vice.install_staged(1, large, boundary=False)
        vice.stage(main.read_part(large, vice.staged(large), 2))
        assert counters(vice) == {}
        assert vice.install_staged(1, large, boundary=False).entries == 3
        assert counters(vice) == {1: 1, 2: 1, 3: 1}
        assert entries(vice) == entries(main)[:4]
        vice.stage(first)  # somebody else brings it, too
        assert vice.install_staged(1, large, boundary=False).entries == 0
        assert vice.staged(large) == Position()

    def test_a_newer_entry_that_came_before_stays(self, main, vice, app, large):
        count(app, 2, transaction="later")
        vice.append(
            1, [entry for entry in entries(main, 1) if entry.transaction_id != "large"], boundary=False
        )
        vice.stage(main.read_part(large, Position(), 10))
        vice.install_staged(1, large, boundary=False)
        assert counters(vice) == {1: 1, 2: 2, 3: 1, 9: 1}

    def test_a_node_that_was_claimed_takes_none_of_it(self, main, vice, large):
        vice.stage(main.read_part(large, Position(), 10))
        vice.claim(2, 1)
        with pytest.raises(StaleEpoch, match="has promised epoch 2"):
            vice.install_staged(1, large, boundary=False)
        assert (counters(vice), vice.state().last_log_id) == ({}, 1)
        vice.drop_staged(2)
        assert vice.staged(large) == Position()

    def test_an_entry_larger_than_a_window_comes_in_pieces(self, main, vice, app):
        """Both images byte for byte, wherever a piece cuts a character; what came before is not brought twice."""
        app.run("SET @current_transaction_id = 'photo'")
        app.run("INSERT INTO test_specimen (note, data) VALUES (CONCAT('x', REPEAT('é€😀', 700000)), '[1]')")
        app.run("UPDATE test_specimen SET note = CONCAT('xy', REPEAT('é€😀', 700000)), data = '[2]'")
        window = main.read_log(1, 100)
        assert (list(window.entries), window.upto, window.large.entries) == ([], 1, 2)
        held = []
        for attempt in range(2):  # cut off in the middle, and begun again
            position = vice.staged(window.large)
            assert position == Position(attempt * 2)
            while part := main.read_part(window.large, position, 100):
                vice.stage(part)
                held.append(len(part.piece.content))
                position = part.end
                if not attempt and position == Position(2, 2 * PIECE_BYTES):
                    break
        assert max(held) == PIECE_BYTES
        vice.install_staged(1, window.large, boundary=False)
        assert entries(vice) == entries(main)
        note = "SELECT SHA1(note), CHAR_LENGTH(note) FROM test_specimen"
        assert vice.connection.rows(note) == main.connection.rows(note)
        assert vice.connection.row("SELECT COUNT(*) FROM staged_piece") == (0,)

    def test_an_entry_larger_than_a_window_waits_for_those_before_it(self, main, app):
        count(app, 1, transaction="small")
        app.run("SET @current_transaction_id = 'photo'")
        app.run("INSERT INTO test_specimen (note) VALUES (REPEAT('x', 5242880))")
        count(app, 2, transaction="later")
        before = main.read_log(1, 100)
        assert ([entry.log_id for entry in before.entries], before.complete) == ([2], False)
        photo = main.read_log(before.upto, 100).large
        assert photo.transaction_id == "photo"
        after = main.read_log(before.upto, 100, ["photo"])
        assert ([entry.transaction_id for entry in after.entries], after.complete) == (["later"], True)

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
