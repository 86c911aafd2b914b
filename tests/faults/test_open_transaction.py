"""A transaction that stays open while others are acknowledged (37)."""

import time

import pytest

from cluster.protocol.names import NodeName
from tests.harness.checker import check
from tests.harness.sql import row_entries
from tests.harness.writers import writing

pytestmark = pytest.mark.faults

HELD_SECONDS = 6.0
"""Several rounds of all that could skip it: gaps are asked for every 0.15 s, the watermark rises every second."""


@pytest.fixture
def holder(cluster):
    """Return a session that has written and does not commit; its log id is lower than those of all that follow."""
    session = cluster.connect("main", timeout=30)
    session.run("SET @current_transaction_id = 'held'")
    session.run("START TRANSACTION")
    session.run("INSERT INTO test_word VALUES ('held', '')")
    return session


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_37_it_holds_up_nobody_and_is_not_skipped(cluster, holder, end):
    with writing(cluster, writers=4) as book:
        until = time.monotonic() + HELD_SECONDS
        while time.monotonic() < until:
            book.wait_for(20, timeout=2)
        watermarks = [cluster.nodes[name].state().watermark.log_id for name in NodeName]
        holder.run(end)
        if end == "COMMIT":
            holder.rows("CALL await_acknowledgement('held', 3)")
        book.wait_for(20)
    check(cluster, book)
    entries = cluster.connect("main", "cluster").rows("SELECT log_id FROM transaction_log ORDER BY log_id")
    ids = [log_id for (log_id,) in entries]
    missing = sorted(set(range(1, ids[-1])) - set(ids))
    for name in NodeName:
        words = cluster.connect(name).rows("SELECT word FROM test_word")
        assert words == ((("held",),) if end == "COMMIT" else ())
    held = missing[0] if end == "ROLLBACK" else held_id(cluster)
    assert max(watermarks) < held, "the watermark rose above an id that could still come"
    assert not [said for said in cluster.replicator.said if "stays old" in said]


def held_id(cluster) -> int:
    """Return the log id of the held transaction."""
    sql = "SELECT log_id FROM transaction_log WHERE transaction_id = 'held'"
    return int(cluster.connect("main", "cluster").row(sql)[0])


def test_37_the_floor_passes_it_once_it_has_ended(cluster, holder):
    with writing(cluster, writers=2) as book:
        book.wait_for(20)
        holder.commit()
        book.wait_for(20)
    check(cluster, book)
    wait_for_watermark(cluster, held_id(cluster))
    assert ("INSERT", "test_word", "held") in row_entries(cluster.connect("node_b"))


def wait_for_watermark(cluster, log_id: int) -> None:
    """Until every node knows that everything up to `log_id` is on a majority."""
    deadline = time.monotonic() + 10
    while min(node.state().watermark.log_id for node in cluster.nodes.values()) < log_id:
        assert time.monotonic() < deadline, "the watermark does not rise"
        time.sleep(0.05)


def test_37_it_dies_with_its_primary(cluster, holder, operator):
    """Nobody was told that it is done, and nobody has it."""
    with writing(cluster, writers=4) as book:
        book.wait_for(40)
        cluster.kill("main")
        operator.promote_node_a()
        book.wait_for(40)
        cluster.start("main")
        operator.recover("main")
    check(cluster, book)
    assert cluster.connect("node_a").rows("SELECT * FROM test_word") == ()
