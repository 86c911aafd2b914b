"""What a writer is told: "done" only for what the cluster keeps."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from cluster.protocol.errors import NOT_ACKNOWLEDGED
from tests.harness.sql import refusal

AWAIT = "CALL await_acknowledgement(%s, 0.3)"


def test_an_orphan_is_never_told_to_be_done(cluster):
    cluster.settle()
    cluster.replicator.stop()
    lost = str(uuid.uuid4())
    writer = cluster.connect("main")
    writer.run("SET @current_transaction_id = %s", (lost,))
    writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
    cluster.kill("main")
    assert cluster.manage("promote_node_a").returncode == 0
    cluster.replicator.start()
    cluster.start("main")
    done = cluster.manage("recover_main")
    assert "1 entries that only Main had were orphaned" in done.stdout
    cluster.settle()
    for node in ("main", "node_a"):
        refusal(cluster.connect(node), AWAIT, (lost,), code=NOT_ACKNOWLEDGED)


def test_a_transaction_without_entries_has_nothing_to_wait_for(cluster):
    cluster.connect("main").rows(AWAIT, (str(uuid.uuid4()),))


def test_a_waiting_session_without_autocommit_is_in_nobodys_way(cluster):
    """The replicator writes the rows of node_config that the wait reads."""
    cluster.settle()
    writer, root = cluster.connect("main"), cluster.connect("main", "root")
    writer.run("SET autocommit = 0")
    for number in range(20):
        writer.run("SET @current_transaction_id = UUID()")
        writer.run("INSERT INTO test_counter VALUES (%s, 0, '')", (number,))
        writer.commit()
        writer.rows("CALL await_acknowledgement(@current_transaction_id, NULL)")
        locked = root.rows(
            "SELECT trx_rows_locked FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = %s",
            (writer.raw().thread_id(),),
        )
        assert locked in ((), ((0,),))


def test_an_id_used_twice_is_not_told_early(cluster):
    """A session that keeps its id for a second transaction waits for the second one too."""
    writer = cluster.connect("main")
    writer.run("SET @current_transaction_id = 'twice'")
    writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
    writer.rows("CALL await_acknowledgement('twice', 5)")
    for name in ("node_a", "node_b"):
        cluster.freeze(name)
    writer.run("UPDATE test_counter SET value = 1")
    refusal(writer, AWAIT, ("twice",), code=NOT_ACKNOWLEDGED)
    cluster.resume("node_a")
    writer.rows("CALL await_acknowledgement('twice', 20)")


def test_a_large_transaction_is_waited_for_while_it_is_carried(cluster):
    """It takes a multiple of what a writer waits in silence."""
    cluster.settle()
    root, writer = cluster.connect("main", "root"), cluster.connect("main", "root", timeout=40)
    root.run("UPDATE node_config SET config_value = 0.2 WHERE config_key = 'ack_timeout'")
    writer.run("SET @current_transaction_id = 'large'")
    writer.run("INSERT INTO test_counter SELECT seq, 0, REPEAT('x', 60) FROM seq_1_to_20000")
    writer.rows("CALL await_acknowledgement('large', NULL)")
    assert 20_000 in [
        cluster.connect(n).row("SELECT COUNT(*) FROM test_counter")[0] for n in ("node_a", "node_b")
    ]


def test_what_is_carried_without_getting_on_is_not_waited_for_without_end(cluster):
    cluster.settle()
    root, writer = cluster.connect("main", "root"), cluster.connect("main", "root", timeout=20)
    root.run("UPDATE node_config SET config_value = 0.3 WHERE config_key = 'ack_timeout'")
    for name in ("node_a", "node_b"):
        cluster.freeze(name)
    writer.run("SET @current_transaction_id = 'stuck'")
    writer.run("INSERT INTO test_counter SELECT seq, 0, '' FROM seq_1_to_100")
    root.run("INSERT INTO transfer VALUES ('node_a', 1, 100, UNIX_TIMESTAMP() + 600)")
    began = time.monotonic()
    refusal(writer, "CALL await_acknowledgement(%s, NULL)", ("stuck",), code=NOT_ACKNOWLEDGED)
    assert time.monotonic() - began < 10
    for name in ("node_a", "node_b"):
        cluster.resume(name)


def test_a_writer_that_waits_through_a_switchover_is_told_by_the_new_epoch(cluster):
    """Nobody acknowledges any more in the old epoch; what the new one began with stands on two nodes."""
    cluster.settle()
    cluster.replicator.stop()
    writer = cluster.connect("main", timeout=20)
    writer.run("SET @current_transaction_id = 'between'")
    writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
    with ThreadPoolExecutor(1) as waiting:
        told = waiting.submit(writer.rows, "CALL await_acknowledgement('between', 15)")
        assert cluster.manage("switchover", "--to", "node_a").returncode == 0
        told.result(5)
    assert cluster.connect("node_a").rows("SELECT 1 FROM test_counter WHERE id = 1")
