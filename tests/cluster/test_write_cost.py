"""How many statements one acknowledged write takes on the primary: what is added there is paid for by every write."""

import json
import time
from contextlib import contextmanager

from cluster.protocol.errors import NOT_ACKNOWLEDGED
from tests.harness.sql import refusal
from tests.harness.waiting import wait_for

INSERT = "CALL distributed_insert('tt9000001', 'Counted', 90, '7.5', 1, 1999)"
UPDATE = "CALL distributed_update('tt9000001', 'Counted', 90, '7.5', %s, 1999)"
FREE = (
    "SELECT SUM(IS_FREE_LOCK(CONCAT('mco2.', DATABASE(), '.', slot, '.', generation)))"
    " FROM acknowledgement_latch"
)


def counted(connection, name):
    """Return a counter of the session's own statements, those in routines among them."""
    return int(connection.row(f"SHOW SESSION STATUS LIKE '{name}'")[1])


@contextmanager
def statements_at_most(connection, limits):
    """Fails when the block takes more; limits by counter."""
    before = {name: counted(connection, name) for name in limits}
    yield
    taken = {name: counted(connection, name) - before[name] for name in limits}
    assert all(taken[name] <= limit for name, limit in limits.items()), taken


def generations(connection):
    return dict(connection.rows("SELECT slot, generation FROM acknowledgement_latch"))


def test_a_write_takes_so_many_statements(cluster):
    """All but the wait, which takes as many looks as it takes."""
    cluster.connect("main", "root").run(
        "UPDATE node_config SET config_value = 'local' WHERE config_key = 'durability'"
    )
    writer = cluster.connect("main")
    writer.rows(INSERT)
    with statements_at_most(writer, {"Com_select": 9, "Com_call_procedure": 15, "Handler_read_key": 10}):
        writer.rows(UPDATE, (2,))


def test_a_wait_takes_few_statements(cluster):
    """One look and one question in each tenth of a second, and at the end whether it is settled otherwise."""
    cluster.settle()
    writer = cluster.connect("main", timeout=30)
    writer.rows(INSERT)  # whose acknowledgement took the latches
    for name in ("node_a", "node_b"):
        cluster.freeze(name)
    try:
        writer.run("SET @current_transaction_id = 'waits'")
        writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
        with statements_at_most(writer, {"Com_select": 26}):
            refusal(writer, "CALL await_acknowledgement('waits', 0.5)", code=NOT_ACKNOWLEDGED)
    finally:
        for name in ("node_a", "node_b"):
            cluster.resume(name)


def test_an_acknowledgement_wakes_the_writers_of_its_slot_alone(cluster):
    cluster.replicator.stop(writers_carry=True)
    serving, root = cluster.connect("main", "cluster"), cluster.connect("main", "root")
    serving.rows("CALL acknowledge('[]')")
    before = generations(root)
    assert len(before) == 64
    assert root.row(FREE) == (0,)
    serving.rows("CALL acknowledge(%s)", (json.dumps([["one", 7], ["two", 8]]),))
    slots = {root.row("SELECT latch_slot(%s)", (name,))[0] for name in ("one", "two")}
    after = generations(root)
    assert {slot for slot in after if after[slot] != before[slot]} == slots
    assert root.rows("SELECT transaction_id, log_id FROM acknowledgement ORDER BY log_id") == (
        ("one", 7),
        ("two", 8),
    )
    assert root.row(FREE) == (0,)
    for slot in slots:
        latch = "CONCAT('mco2.', DATABASE(), '.', %s, '.', %s)"
        assert root.row(f"SELECT IS_FREE_LOCK({latch})", (slot, before[slot])) == (1,)


def test_a_lock_of_somebody_else_on_the_next_generation_is_stepped_over(cluster):
    cluster.replicator.stop(writers_carry=True)
    serving, root = cluster.connect("main", "cluster"), cluster.connect("main", "root")
    serving.rows("CALL acknowledge('[]')")
    slot = root.row("SELECT latch_slot('one')")[0]
    before = generations(root)[slot]
    root.rows("SELECT GET_LOCK(CONCAT('mco2.', DATABASE(), '.', %s, '.', %s), 0)", (slot, before + 1))
    serving.rows("CALL acknowledge(%s)", (json.dumps([["one", 7]]),))
    assert generations(root)[slot] == before + 2


def test_an_idle_cluster_is_asked_by_the_watch_alone(cluster):
    """Fifty times a second; the feeds rest. A busy machine asks less often, never more."""
    cluster.settle()
    root = cluster.connect("main", "root")

    def a_second():
        before, began = asked(root), time.monotonic()
        time.sleep(1)
        return (asked(root) - before) / (time.monotonic() - began)

    wait_for(lambda: a_second() < 90)


def asked(root):
    return int(root.row("SHOW GLOBAL STATUS LIKE 'Com_select'")[1])


def test_a_write_that_waits_for_nothing_wakes_the_feeds(cluster):
    cluster.settle()
    writer, replica = cluster.connect("main"), cluster.connect("node_b")
    for number in range(3):
        time.sleep(0.7)  # they rest
        writer.run("INSERT INTO test_counter VALUES (%s, 0, '')", (number,))
        wait_for(lambda key=number: replica.rows("SELECT 1 FROM test_counter WHERE id = %s", (key,)) != ())
