"""A row that is larger than a window of the log costs the replicator little memory, and other writers nothing."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.harness.checker import check, check_equal
from tests.harness.waiting import wait_for
from tests.harness.writers import writing

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

NOTE = 16 << 20
PHOTO = f"INSERT INTO test_specimen (note) VALUES (REPEAT('x', {NOTE}))"


def peak(process: subprocess.Popen[str]) -> int:
    """Return the most memory that a process has held so far, in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) << 10


def replicating_elsewhere(cluster) -> subprocess.Popen[str]:
    """Return a replicator in a process of its own, at work in place of the one in this process."""
    cluster.replicator.stop()
    process = cluster.popen("replicate")
    main = cluster.connect("main")
    leads = (
        "SELECT IS_USED_LOCK(CONCAT('mco2.', DATABASE(), '.replicator')) IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6)))"
    )
    wait_for(lambda: main.row(leads) == (1,), 60)
    return process


def test_it_is_never_held_whole(cluster):
    """What is held of it at once is bounded, however large the row: both followers together take less than its size."""
    replicator = replicating_elsewhere(cluster)
    app = cluster.connect("main", "root", 60.0)
    for number in range(40):  # what each feed needs anyway
        app.run("SET @current_transaction_id = %s", (f"note-{number}",))
        app.run("INSERT INTO test_specimen (note) VALUES (REPEAT('x', 1048576))")
    app.rows("CALL await_acknowledgement('note-39', 60)")
    cluster.settle(timeout=60)
    before = peak(replicator)
    app.run("SET @current_transaction_id = 'photo'")
    app.run(PHOTO)
    app.run("UPDATE test_specimen SET name = 'x' WHERE LENGTH(note) > 2000000")
    app.rows("CALL await_acknowledgement('photo', 60)")
    cluster.settle(timeout=60)
    assert peak(replicator) - before < NOTE
    check_equal(cluster)


def test_writers_beside_it_are_acknowledged(cluster):
    """Its own writer waits for as long as it travels, without asking for that."""
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'photo'")
    with writing(cluster, writers=4) as book:
        book.wait_for(40)
        app.run(PHOTO)
        app.rows("CALL await_acknowledgement('photo', NULL)")
        book.wait_for(40)
    assert book.gap() < 2.0
    assert {name for name, tries in book.attempts.items() if tries > 1} == set()
    cluster.settle(timeout=60)
    check(cluster, book)


def test_a_node_that_was_away_gets_it_when_it_is_back(cluster):
    cluster.kill("node_b")
    app = cluster.connect("main", "root", 60.0)
    app.run("SET @current_transaction_id = 'photo'")
    app.run(PHOTO)
    app.run("UPDATE test_specimen SET note = CONCAT('y', note)")
    app.rows("CALL await_acknowledgement('photo', 60)")
    cluster.start("node_b")
    cluster.settle(timeout=60)
    check_equal(cluster)


def test_it_is_filed_where_it_was_orphaned(cluster, operator):
    """Both images together are larger than what one row may hold."""
    app = cluster.connect("main", "root", 60.0)
    app.run(f"INSERT INTO test_specimen (note) VALUES (REPEAT('x', {21 << 20}))")
    cluster.settle(timeout=60)
    cluster.replicator.stop()
    app.run("UPDATE test_specimen SET note = CONCAT('y', note)")
    cluster.kill("main")
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.start("main")
    assert operator.recover("main").orphaned == 1
    cluster.settle(timeout=60)
    check_equal(cluster)


def test_a_rebuild_holds_few_of_them(cluster):
    app = cluster.connect("main", "root", 60.0)
    app.run("INSERT INTO test_specimen (note) SELECT REPEAT('x', 2097152) FROM seq_1_to_60")
    cluster.settle(timeout=60)
    root = cluster.connect("node_b", "root")
    root.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
    root.run("DELETE FROM test_specimen")
    root.run("DELETE FROM transaction_log WHERE log_id > 1")
    process = cluster.popen("rebuild_node", "node_b", "--yes")
    held = 0
    while process.poll() is None:
        with suppress(StopIteration, FileNotFoundError):
            held = max(held, peak(process))
        time.sleep(0.02)
    assert process.returncode == 0, process.communicate()
    assert held < 250 << 20
    check_equal(cluster)
