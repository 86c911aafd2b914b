"""Recovery cut off half way, schemas that differ, keys after a failover (43, 48, 50)."""

import json
import time

import pytest

from cluster.backend import NotAcknowledged
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.entries import Entry
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from tests.harness.checker import check, check_equal, observed
from tests.harness.commands import take_turns
from tests.harness.specimens.models import Specimen
from tests.harness.writers import Book, writing

pytestmark = pytest.mark.faults

TRANSACTIONS, ROWS = 200, 100


@pytest.fixture
def missed(cluster, operator):
    """Bring Main back after Node A took 20,000 entries in 200 transactions."""
    cluster.settle()
    cluster.kill("main")
    operator.promote_node_a()
    acting = cluster.nodes[NodeName.NODE_A]
    after = acting.state().last_log_id + 1
    for turn in range(TRANSACTIONS):
        acting.append(2, transaction(turn, after + turn * ROWS), boundary=False)
    cluster.settle()
    cluster.start("main")
    return cluster


def transaction(turn: int, log_id: int) -> list[Entry]:
    """Return the entries of one transaction of Node A: new counters, many of which the next one changes."""
    moment = "2024-01-01 00:00:00.000000"
    return [
        Entry(
            log_id + number, 2, f"missed-{turn}", number + 1, "ROW", "INSERT", "test_counter",
            str(turn * 50 + number), None, json.dumps({"id": turn * 50 + number, "value": turn, "writer": ""}),
            "NODE_A_ACTING", moment,
        )
        for number in range(ROWS)
    ]  # fmt: skip


def entries_on_main(cluster) -> int:
    return int(cluster.nodes[NodeName.MAIN].connection.row("SELECT COUNT(*) FROM transaction_log")[0])


def test_43_recovery_killed_half_way_and_run_twice(missed):
    """The same state and the same count, however often it is begun."""
    killed_at = []
    for share in (0.1, 0.5):
        process = missed.popen("recover_main")
        deadline = time.monotonic() + 20
        while entries_on_main(missed) < share * TRANSACTIONS * ROWS:
            assert time.monotonic() < deadline
            assert process.poll() is None, "it was done before it could be killed"
        process.kill()
        process.wait(10)
        killed_at.append(entries_on_main(missed))
    assert 0 < killed_at[0] < killed_at[1] < TRANSACTIONS * ROWS
    for _ in range(2):
        done = missed.manage("recover_main")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"Recovery complete. Replayed {TRANSACTIONS} transactions from Node A." in done.stdout
    check(missed, Book())
    assert entries_on_main(missed) == TRANSACTIONS * ROWS + 2


def test_43_recovered_under_load(missed, operator):
    """The source writes on while Main catches up."""
    book = Book()
    app = missed.connect("node_a")
    done = operator.recover("main")
    app.run("UPDATE test_counter SET value = -1 WHERE id < 5000")
    assert done.replayed == TRANSACTIONS
    missed.settle(20)
    check(missed, book)
    operator.demote_node_a()
    missed.settle(20)  # the entry of the hand-back is confirmed by one of two
    check_equal(missed)


class TestSchema:
    """48: Main's table lacks a column at replay."""

    @pytest.fixture
    def lacking(self, cluster, operator):
        """Drop a column of Main's while it is away; it gets it back after the test."""
        cluster.settle()
        cluster.kill("main")
        operator.promote_node_a()
        app = cluster.connect("node_a")
        take_turns(
            app,
            "INSERT INTO test_counter VALUES (1, 1, '')",
            "INSERT INTO test_counter VALUES (2, 2, '')",
            "INSERT INTO test_word VALUES ('a', 'needs the column')",
            "INSERT INTO test_counter VALUES (3, 3, '')",
        )
        cluster.start("main")
        root = cluster.connect("main", "root")
        root.run("ALTER TABLE test_word DROP COLUMN meaning")
        yield cluster
        self.mend(cluster)

    @staticmethod
    def mend(cluster) -> None:
        cluster.connect("main", "root").run(
            "ALTER TABLE test_word ADD COLUMN IF NOT EXISTS meaning varchar(80) NOT NULL"
        )

    def test_48_its_rows_are_quarantined_and_named_and_the_rest_goes_on(self, lacking, operator):
        assert operator.recover("main").replayed == 4
        main = lacking.nodes[NodeName.MAIN]
        (held,) = quarantined(main.connection)
        assert (held.table_name, held.record_id, held.transaction_id) == ("test_word", "a", "turn-2")
        assert "meaning" in held.reason
        assert main.connection.rows("SELECT id FROM test_counter ORDER BY id") == ((1,), (2,), (3,))
        with pytest.raises(Refused, match="1 row is quarantined on Main"):
            operator.demote_node_a()
        assert lacking.primary() is NodeName.NODE_A

    def test_48_mended_it_goes_on(self, lacking, operator):
        done = lacking.manage("recover_main")
        assert "Recovery complete. Replayed 4 transactions from Node A." in done.stdout
        assert "1 row is quarantined on Main" in done.stdout
        self.mend(lacking)
        assert lacking.manage("quarantine", "retry", "main").returncode == 0
        operator.demote_node_a()
        check(lacking, Book())

    def test_48_a_row_that_cannot_be_taken_back_is_quarantined(self, cluster, operator):
        """Main has one that nobody else got, of a table that has changed meanwhile."""
        cluster.connect("main").run("INSERT INTO test_word VALUES ('a', 'kept')")
        cluster.settle()
        cluster.replicator.stop()
        app = cluster.connect("main")
        app.run("SET @current_transaction_id = 'orphaned'")
        app.run("UPDATE test_word SET meaning = 'lost'")
        cluster.kill("main")
        operator.promote_node_a()
        cluster.replicator.start()
        cluster.start("main")
        cluster.connect("main", "root").run("ALTER TABLE test_word DROP COLUMN meaning")
        try:
            assert operator.recover("main").orphaned == 1
            assert cluster.nodes[NodeName.MAIN].state().quarantined == 1
        finally:
            self.mend(cluster)
        assert cluster.manage("quarantine", "retry", "main").returncode == 0
        check(cluster, Book())


class TestGeneratedKeys:
    """50: keys that the server hands out, after a failover and back."""

    def test_50_they_do_not_collide(self, cluster, operator):
        keys = [self.insert("main") for _ in range(5)]
        Specimen.objects.using("main").filter(pk=keys[-1]).delete()
        cluster.settle()
        cluster.kill("main")
        operator.promote_node_a()
        keys += [self.insert("node_a") for _ in range(5)]
        cluster.start("main")
        operator.recover("main")
        operator.demote_node_a()
        keys += [self.insert("main") for _ in range(5)]
        assert len(set(keys)) == 15
        assert keys == sorted(keys)
        check(cluster, Book())

    def test_50_a_key_of_a_orphaned_row_is_free_again(self, cluster, operator):
        """Main handed it out and nobody was told."""
        first = self.insert("main")
        cluster.settle()
        cluster.replicator.stop()
        with pytest.raises(NotAcknowledged):
            self.insert("main")
        (orphaned,) = cluster.connect("main").row("SELECT MAX(id) FROM test_specimen")
        cluster.kill("main")
        operator.promote_node_a()
        cluster.replicator.start()
        taken = [self.insert("node_a") for _ in range(3)]
        cluster.start("main")
        assert operator.recover("main").orphaned == 1
        operator.demote_node_a()
        after = [self.insert("main") for _ in range(3)]
        check(cluster, Book())
        kept = [first, *taken, *after]
        assert sorted(Specimen.objects.using("main").values_list("pk", flat=True)) == sorted(set(kept))
        assert len(set(kept)) == 7
        assert orphaned in taken

    @staticmethod
    def insert(alias: str) -> int:
        return int(Specimen.objects.using(alias).create(name="x").pk)


def test_recovery_while_writers_write(cluster, operator):
    """Main comes level with a primary that does not stand still, and takes over."""
    with observed(cluster), writing(cluster, writers=6) as book:
        cluster.kill("main")
        operator.promote_node_a()
        book.wait_for(150)
        cluster.start("main")
        done = operator.recover("main")
        assert done.replayed > 100
        operator.demote_node_a()
        book.wait_for(50)
    check(cluster, book)
