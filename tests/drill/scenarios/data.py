"""Rows and tables that are not what they should be, and rows that only Main has."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.drill.scenario import scenario
from tests.drill.stage import Stage

SPOIL = "ALTER TABLE test_counter RENAME COLUMN writer TO misnamed"
RESTORE = "ALTER TABLE test_counter RENAME COLUMN misnamed TO writer"


@scenario("32", "apply stops on Node A", "it is not promoted, and named; the others go on")
def apply_stops(stage: Stage) -> None:
    with misnamed(stage, "node_a"):
        stage.book.wait_for(200)
        stage.kill("main")
        time.sleep(stage.lease + stage.detection + 2)
        assert stage.view().primary is None, "a node that lacks transactions was promoted"
        assert "quarantined on Node A" in stage.programs["monitor"].said
    stage.manage("quarantine", "retry", "node_a")
    stage.start("main")
    stage.wait_for_primary()
    stage.book.wait_for(50)


@scenario("35", "root writes a row past the guard on Node B", "verify_consistency finds and repairs it")
def past_the_guard(stage: Stage) -> None:
    root = stage.connect("node_b", "root")
    root.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
    root.run("INSERT INTO test_word VALUES ('alien', '')")
    found = stage.manage("verify_consistency")
    assert found.returncode == 1
    assert "test_word alien on Node B: extra" in found.stdout + found.stderr, found.stdout
    stage.manage("verify_consistency", "--repair")
    assert root.rows("SELECT word FROM test_word") == ()
    stage.book.wait_for(50)


@scenario(
    "39", "Main returns with transactions that nobody has", "orphans, listed with images; recovery goes on"
)
def orphaned(stage: Stage) -> None:
    leave_orphans(stage)
    stage.start("main")
    recovered = stage.manage("recover_main")
    assert recovered.returncode == 0, recovered.stderr
    assert "were orphaned; see `orphans list`" in recovered.stdout, recovered.stdout
    assert "PENDING" in stage.manage("orphans", "list").stdout


@scenario("42", "the same row is changed on both sides", "Node A's stays; the orphan shows what Main had")
def both_sides(stage: Stage) -> None:
    leave_orphans(stage)
    stage.start("main")
    stage.manage("recover_main")
    images = (
        "SELECT COUNT(*), COUNT(old_value), COUNT(new_value) FROM orphaned_transaction"
        " WHERE table_name = 'test_counter' AND operation_type = 'UPDATE'"
    )
    found, old, new = stage.connect("node_a").row(images)
    assert 0 < found == old == new
    stage.book.wait_for(50)


@scenario(
    "48", "Main's table lacks a column at replay", "its rows are quarantined and named; the rest goes on"
)
def column_lacks(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
    stage.start("main")
    with misnamed(stage, "main"):
        recovered = stage.manage("recover_main")
        assert re.search("rows? (is|are) quarantined on Main", recovered.stdout), recovered.stdout
        refused = stage.manage("demote_node_a")
        assert "quarantined on Main" in refused.stderr, refused.stderr
    done = stage.manage("quarantine", "retry", "main")
    assert done.returncode == 0, done.stderr


@scenario("50", "automatic keys after a failover", "no collision")
def automatic_keys(stage: Stage) -> None:
    add(stage, "main", 20)
    stage.kill("main")
    stage.wait_for_primary("node_a")
    add(stage, "node_a", 20)
    assert stage.connect("node_a").row("SELECT COUNT(DISTINCT id), COUNT(*) FROM test_shelf") == (40, 40)


@contextmanager
def misnamed(stage: Stage, node: str) -> Iterator[None]:
    """Rename a column of the table that is written all the time, on one node."""
    root = stage.connect(node, "root", timeout=20)
    root.run(SPOIL)
    try:
        yield
    finally:
        root.run(RESTORE)


def leave_orphans(stage: Stage) -> None:
    """Let Main commit what no other node gets to see, and die; Node A acts."""
    stage.kill("replicator")
    time.sleep(1)
    stage.kill("main")
    stage.program("replicator")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


def add(stage: Stage, node: str, rows: int) -> None:
    """Acknowledged rows whose keys the server chooses."""
    session = stage.connect(node)
    for number in range(rows):
        transaction = f"{node}-{number}"
        session.run("SET @current_transaction_id = %s", (transaction,))
        session.run("INSERT INTO test_shelf (name) VALUES (%s)", (transaction,))
        session.rows("CALL await_acknowledgement(%s, NULL)", (transaction,))
