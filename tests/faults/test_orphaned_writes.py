"""Main returns with transactions that nobody else has (39, 42)."""

import pytest

from cluster.actions.steps import orphans as orphan_steps
from cluster.actions.steps.observe import observe
from cluster.protocol.names import NodeName
from tests.harness.checker import check, check_equal
from tests.harness.orphans import come_back, leave_orphans, orphans
from tests.harness.waiting import wait_for
from tests.harness.writers import Book, writing

pytestmark = pytest.mark.faults

ORPHANS = (
    "SELECT transaction_id, operation_type, table_name, record_id, old_value, new_value, found_on, status"
    " FROM orphaned_transaction ORDER BY epoch, log_id"
)


def test_39_transactions_that_nobody_has_are_listed_with_their_images(cluster, operator):
    cluster.connect("main").run("INSERT INTO test_word VALUES ('kept', 'a'), ('gone', 'b')")
    leave_orphans(
        cluster,
        "INSERT INTO test_word VALUES ('new', 'c')",
        "UPDATE test_word SET meaning = 'changed' WHERE word = 'kept'",
        "DELETE FROM test_word WHERE word = 'gone'",
    )
    done = come_back(cluster, operator)
    assert done.orphaned == 3
    assert orphans(cluster) == [
        ("orphaned", "INSERT", "test_word", "new", None, {"word": "new", "meaning": "c"}, "main", "PENDING"),
        (
            "orphaned", "UPDATE", "test_word", "kept", {"word": "kept", "meaning": "a"},
            {"word": "kept", "meaning": "changed"}, "main", "PENDING",
        ),
        (
            "orphaned", "DELETE", "test_word", "gone", {"word": "gone", "meaning": "b"}, None, "main",
            "PENDING",
        ),
    ]  # fmt: skip
    check(cluster, Book())
    assert cluster.connect("main").rows("SELECT * FROM test_word ORDER BY word") == (
        ("gone", "b"), ("kept", "a"),
    )  # fmt: skip
    assert cluster.nodes[NodeName.MAIN].state().orphaned == 0


def test_39_recovery_goes_on_under_load_and_again_finds_nothing(cluster, operator):
    with writing(cluster, writers=4) as book:
        book.wait_for(20)
    leave_orphans(cluster, "INSERT INTO test_word VALUES ('new', '')")
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.start("main")
    first, second = operator.recover("main"), operator.recover("main")
    assert (first.orphaned, second.orphaned) == (1, 0)
    operator.demote_node_a()
    assert len(orphans(cluster)) == 1
    check(cluster, book)


def test_39_a_lease_that_runs_out_while_they_are_filed_is_renewed(cluster, operator, monkeypatch):
    """A busy machine held the verb up between the renewal of the lease and its first write; no replicator works."""
    leave_orphans(cluster, "INSERT INTO test_word VALUES ('new', '')")
    operator.promote_node_a()
    cluster.start("main")
    renew, seen = orphan_steps.observe_revived, []

    def held_up(nodes, seconds):
        view = renew(nodes, seconds)
        if not seen:
            wait_for(lambda: observe(nodes).primary is None, 20)
        seen.append(view)
        return view

    monkeypatch.setattr(orphan_steps, "observe_revived", held_up)
    assert operator.recover("main").orphaned == 1
    assert len(seen) > 1
    assert len(orphans(cluster)) == 1


def test_39_by_the_command(cluster, operator):
    """What the operator reads."""
    leave_orphans(cluster, "INSERT INTO test_word VALUES ('new', '')")
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.start("main")
    done = cluster.manage("recover_main")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 entries that only Main had were orphaned; see `orphans list`." in done.stdout.splitlines()


def test_39_a_transaction_half_of_which_was_seen_by_nobody_goes_as_a_whole(cluster, operator):
    """One transaction of many rows, larger than a window of the reconcile."""
    values = ", ".join(f"({number}, 0, '')" for number in range(3000))
    leave_orphans(cluster, f"INSERT INTO test_counter VALUES {values}")
    assert come_back(cluster, operator).orphaned == 3000
    assert len(orphans(cluster)) == 3000
    cluster.settle(timeout=30)
    check_equal(cluster)
    assert cluster.connect("main").row("SELECT COUNT(*) FROM test_counter") == (0,)


def test_42_the_same_row_changed_on_both_sides(cluster, operator):
    """Node A's stays; the orphan shows what Main found and what it made of it."""
    cluster.connect("main").run("INSERT INTO test_word VALUES ('both', 'old')")
    leave_orphans(cluster, "UPDATE test_word SET meaning = 'orphaned' WHERE word = 'both'")
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.connect("node_a").run("UPDATE test_word SET meaning = 'current' WHERE word = 'both'")
    cluster.start("main")
    operator.recover("main")
    ((*_, old, new, found_on, status),) = orphans(cluster)
    assert (old["meaning"], new["meaning"], found_on, status) == ("old", "orphaned", "main", "PENDING")
    check(cluster, Book())
    for name in NodeName:
        assert cluster.connect(name).rows("SELECT meaning FROM test_word") == (("current",),)


def on_both_sides(cluster, operator, orphaned: str, current: str) -> None:
    """Orphan one statement of Main's, run another one on Node A, and recover Main."""
    leave_orphans(cluster, orphaned)
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.connect("node_a").run(current)
    cluster.start("main")
    operator.recover("main")
    check(cluster, Book())


def test_42_the_same_key_inserted_on_both_sides(cluster, operator):
    word = "INSERT INTO test_word VALUES ('both', '{}')"
    on_both_sides(cluster, operator, word.format("orphaned"), word.format("current"))
    assert [image["meaning"] for *_, image, _, _ in orphans(cluster)] == ["orphaned"]
    assert cluster.connect("main").rows("SELECT meaning FROM test_word") == (("current",),)


def test_42_the_same_unique_value_on_both_sides(cluster, operator):
    """Another row has taken the value that the orphaned one had."""
    shelf = "INSERT INTO test_shelf (id, name) VALUES ({}, 'top')"
    on_both_sides(cluster, operator, shelf.format(1), shelf.format(2))
    assert cluster.connect("main").rows("SELECT id, name FROM test_shelf") == ((2, "top"),)
