"""The SQL console carries entries by their bytes: nothing is skipped, no transaction arrives in part."""

import time

import pytest

from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.console import Console

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

COUNTED = "SELECT COUNT(*) FROM transaction_log WHERE table_name = 'test_specimen'"
SUMMED = "SELECT COUNT(*), SUM(LENGTH(note)), MD5(GROUP_CONCAT(MD5(note) ORDER BY id)) FROM test_specimen"


def rows(count: int, size: int) -> str:
    """One transaction of so many rows with a note of so many bytes each."""
    return f"INSERT INTO test_specimen (id, note) SELECT seq, REPEAT(CHAR(97 + seq % 26), {size}) FROM seq_1_to_{count}"


@pytest.mark.parametrize(("statements", "entries"), [
    ([*(f"INSERT INTO test_specimen (id, note) VALUES ({n}, REPEAT('n', 150000))" for n in range(1, 501))], 500),
    ([rows(40, 2_000_000)], 40),
], ids=["many", "one"])  # fmt: skip
def test_node_b_catches_up_with_more_than_a_packet(cluster, statements, entries):
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    cluster.kill("node_b")
    console = Console(cluster)
    main = cluster.nodes[NodeName.MAIN]
    main.renew_lease(1, main.beat(), 60)  # nobody is there to renew it while this one client writes
    console.says("main", ";".join(statements))
    cluster.start("node_b")
    said = console.says("node_b", "CALL catch_up()")
    assert f"Fetched {entries} entries" in said
    assert console.says("node_b", COUNTED) == str(entries)
    assert console.says("node_b", SUMMED) == console.says("main", SUMMED)


def test_a_writer_alone_does_not_carry_what_is_too_large_for_a_call(cluster):
    """As one text, a million rows took the primary thirteen gigabytes; whoever has the means fetches it in parts."""
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    main, root = cluster.nodes[NodeName.MAIN], cluster.connect("main", "root", 60.0)
    main.renew_lease(1, main.beat(), 60)
    root.run("SET @current_transaction_id = 'large'")
    root.run("INSERT INTO test_word SELECT CONCAT('word ', seq), '' FROM seq_1_to_10000")
    with pytest.raises(NodeFailed, match="no second node confirmed it in time"):
        root.rows("CALL await_acknowledgement('large', 0.5)")
    assert cluster.connect("node_a").row("SELECT COUNT(*) FROM test_word") == (0,)
    assert root.rows("SELECT * FROM peer_job") == ()
    assert "Fetched 10000 entries" in Console(cluster).says("node_b", "CALL catch_up()")
    cluster.replicator.start()
    root.rows("CALL await_acknowledgement('large', 30)")


def test_large_acknowledged_entries_are_promoted(cluster):
    cluster.settle()
    console = Console(cluster)
    statements = [
        f"INSERT INTO test_specimen (id, note) VALUES ({n}, REPEAT('n', 150000))" for n in range(1, 481)
    ]
    Console(cluster, "app").says("main", ";".join(statements))
    cluster.settle(30)
    cluster.replicator.stop(writers_carry=True)
    for name in NodeName:  # a watermark that nobody raised
        console.says(name, "UPDATE node_config SET config_value = 0 WHERE config_key = 'commit_watermark'")
    cluster.kill("main")
    time.sleep(cluster.conf.lease_seconds * 1.1 + 0.2)
    said = console.says("node_a", "CALL promote_to_acting_master()")
    assert "promoted to ACTING_MASTER successfully" in said
    assert console.says("node_b", COUNTED) == console.says("node_a", COUNTED) == "480"


def test_a_giant_that_the_second_node_lacks_does_not_stop_a_promotion_for_good(cluster):
    """Node A has it, Main is gone: the refusal says that Node B is to fetch it, and then the promotion succeeds."""
    cluster.settle()
    cluster.kill("node_b")
    console = Console(cluster)
    console.says("main", rows(40, 1_000_000))
    main, node_a = cluster.connect("main"), cluster.connect("node_a", timeout=20)
    deadline = time.monotonic() + 30
    while node_a.row(SUMMED) != main.row(SUMMED):
        assert time.monotonic() < deadline, "Node A does not get it"
        time.sleep(0.1)
    cluster.replicator.stop(writers_carry=True)
    cluster.kill("main")
    cluster.start("node_b")
    time.sleep(cluster.conf.lease_seconds * 1.1 + 0.2)
    said = console.refused("node_a", "CALL promote_to_acting_master()")
    assert "is too large for a call: CALL catch_up() on Node B first." in said
    assert "Fetched 41 entries" in console.says("node_b", "CALL catch_up()")
    assert "promoted to ACTING_MASTER successfully" in console.says(
        "node_a", "CALL promote_to_acting_master()"
    )
    assert console.says("node_b", SUMMED) == console.says("node_a", SUMMED)
