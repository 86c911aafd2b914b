"""Entries that the cluster did not keep: out of the log, kept apart, their records restored."""

import pytest

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.entries import EntryId
from cluster.protocol.errors import StaleEpoch
from tests.harness.node_log import count, counters, entries
from tests.harness.sql import dump


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
