"""A prepared XA transaction holds the barrier: a node that may still commit it is not closed, claimed or recovered."""

import threading
import time

import pytest

from cluster.actions.failover.promote import promote
from cluster.protocol.errors import NOT_ACKNOWLEDGED, NodeFailed, StaleEpoch
from cluster.protocol.gaps import Range
from cluster.protocol.names import NodeName
from cluster.protocol.node import LargeTransaction
from cluster.protocol.parts import Part, Position

pytestmark = pytest.mark.faults

MAIN, NODE_A, NODE_B = NodeName
SENTENCE = "Main holds a prepared XA transaction"


def prepare(cluster):
    """Return a session on Main that has prepared one row."""
    session = cluster.connect("main")
    session.run("SET @current_transaction_id = 'prepared'")
    session.run("XA START 'x'")
    session.run("INSERT INTO test_counter VALUES (7, 7, '')")
    session.run("XA END 'x'")
    session.run("XA PREPARE 'x'")
    return session


def rows(cluster, name: NodeName) -> int:
    return cluster.connect(name).row("SELECT COUNT(*) FROM test_counter WHERE id = 7")[0]


def test_a_switchover_waits_for_a_prepared_transaction(cluster):
    cluster.settle()
    session = prepare(cluster)
    refused = cluster.manage("switchover", "--to", "node_a")
    assert refused.returncode == 1
    assert SENTENCE in refused.stderr
    assert cluster.primary() == MAIN
    session.run("XA COMMIT 'x'")
    session.rows("CALL await_acknowledgement('prepared', NULL)")
    done = cluster.manage("switchover", "--to", "node_a")
    assert done.returncode == 0, done.stderr
    cluster.settle()
    assert [rows(cluster, name) for name in NodeName] == [1, 1, 1]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_failed_main_is_not_recovered_while_it_may_still_commit(cluster, end):
    cluster.settle()
    prepare(cluster)
    cluster.kill("main")
    nodes = cluster.nodes
    promote(
        nodes[NODE_A],
        [nodes[NODE_B]],
        reason="test",
        lease_seconds=cluster.conf.lease_seconds,
        waived_consent_epoch=1,
    )
    cluster.start("main")
    refused = cluster.manage("recover_main")
    assert refused.returncode == 1
    assert SENTENCE in refused.stderr
    root = cluster.connect("main", "root")
    root.run(f"XA {end} 'x'")
    if end == "COMMIT":
        with pytest.raises(NodeFailed) as unknown:
            cluster.connect("main").rows("CALL await_acknowledgement('prepared', 0.5)")
        assert unknown.value.code == NOT_ACKNOWLEDGED
    done = cluster.manage("recover_main")
    assert done.returncode == 0, done.stderr
    cluster.settle()
    assert [rows(cluster, name) for name in NodeName] == [0, 0, 0]
    filed = cluster.connect("node_a", "root").row(
        "SELECT COUNT(*) FROM orphaned_transaction WHERE transaction_id = 'prepared'"
    )
    assert filed[0] == (1 if end == "COMMIT" else 0)
    if end == "COMMIT":
        with pytest.raises(NodeFailed):
            cluster.connect("node_a").rows("CALL await_acknowledgement('prepared', 0.5)")


def await_lock(cluster) -> None:
    """Until somebody waits for a row lock on Node A. Raises AssertionError after five seconds."""
    watcher, deadline = cluster.connect("node_a", "root"), time.monotonic() + 5
    while not watcher.rows("SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"):
        assert time.monotonic() < deadline, "nobody waits for a lock"
        time.sleep(0.12)  # the server renews its answer when nobody asked for 0.1 s


def test_a_follower_that_stores_a_large_transaction_is_claimed_at_once(cluster):
    """What it stores is locked in its log, too, but it takes no writes, so nothing can be prepared there."""
    app = cluster.connect("main")
    app.run("INSERT INTO test_counter VALUES (7, 7, '')")
    cluster.settle()
    cluster.replicator.stop()
    main, vice = cluster.nodes[MAIN], cluster.nodes[NODE_A]
    app.run("SET @current_transaction_id = 'large'")
    app.run("UPDATE test_counter SET value = 8 WHERE id = 7")
    entries = main.read_log(0, 10).entries[-1:]
    large = LargeTransaction("large", 1, (Range(entries[0].log_id, entries[0].log_id),))
    vice.stage(Part(entries, Position(entries[-1].log_id)))
    holder = cluster.connect("node_a", "root")
    holder.run("START TRANSACTION")
    holder.rows(
        "SELECT * FROM test_counter WHERE id = 7 FOR UPDATE"
    )  # the images wait for this, the log rows stand
    outcomes: list[Exception] = []

    def install() -> None:
        try:
            cluster.fresh_nodes()[NODE_A].install_staged(1, large, boundary=False)
        except StaleEpoch as error:
            outcomes.append(error)

    installing = threading.Thread(target=install)
    installing.start()
    await_lock(cluster)
    began = time.monotonic()
    vice.claim(2, 1)
    assert time.monotonic() - began < 0.9
    holder.run("ROLLBACK")
    installing.join(10)
    assert outcomes, "the work of a replaced primary was kept"
    assert holder.row("SELECT value FROM test_counter WHERE id = 7")[0] == 7
