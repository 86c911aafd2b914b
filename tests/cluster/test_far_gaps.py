"""What commits far behind the end of the log: an open transaction of many rows lies between."""

import pytest

from cluster.actions.replication.feed import Feed
from cluster.protocol.names import NodeName
from tests.harness.coordinators import WritersOf

ROWS = 6_000
HELD = "SELECT COUNT(*) FROM transaction_log WHERE transaction_id = 'spread'"


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_a_transaction_that_began_far_behind_travels_whole(cluster, monkeypatch, turns):
    """Its first entry is read again in turns, its last one each time: a node never has the one without the other."""
    monkeypatch.setattr("cluster.actions.replication.feed.FAR", 1_000)
    cluster.settle()
    cluster.replicator.stop()
    spread, busy = cluster.connect("main"), cluster.connect("main", "root", 60.0)
    spread.run("SET @current_transaction_id = 'spread'")
    spread.run("START TRANSACTION")
    spread.run("INSERT INTO test_counter VALUES (-1, 0, '')")
    busy.run("START TRANSACTION")
    busy.run(f"INSERT INTO test_word SELECT CONCAT('word ', seq), '' FROM seq_1_to_{ROWS}")
    cluster.connect("main").run("INSERT INTO test_counter VALUES (-2, 0, '')")
    spread.run("INSERT INTO test_counter VALUES (-3, 0, '')")
    main, vice = cluster.fresh_nodes()[NodeName.MAIN], cluster.fresh_nodes()[NodeName.NODE_A]
    feed = Feed(main, vice, 1, WritersOf(main))
    feed.join(vice.state())
    for _ in range(turns):
        feed.carry()
    spread.commit()
    held = cluster.connect("node_a")
    for _ in range(40):
        told = "spread" in {**feed.carry(), **feed.carry_part()}
        assert held.row(HELD) in ((0,), (2,))
        assert not told or held.row(HELD) == (2,)
        if told:
            return
    raise AssertionError("It never arrived.")
