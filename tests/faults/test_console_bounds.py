"""What the SQL console refuses, how long it takes, and that it agrees with the commands."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.actions.failover.automation import pause, resume
from cluster.actions.steps.observe import observe
from cluster.protocol.names import NodeName
from cluster.protocol.times import format_utc
from tests.harness.console import Console
from tests.harness.orphans import leave_orphans
from tests.harness.specimens.hard import HARD
from tests.harness.specimens.models import Specimen
from tests.harness.sql import dump

pytestmark = [pytest.mark.faults]

MANY = """SET @current_transaction_id = NULL;
INSERT INTO test_counter SELECT seq, seq, REPEAT('x', 40) FROM seq_{first}_to_{last};"""


@pytest.fixture
def console(cluster):
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    return Console(cluster)


def modes(cluster) -> dict[str, tuple[str, int]]:
    return {
        state.name.value: (state.mode.value, state.promised) for state in observe(cluster.nodes).reachable
    }


@pytest.mark.parametrize(
    ("node", "call", "sentence"),
    [
        ("main", "check_main_health()", "This is Main. Call check_main_health() on Node A."),
        (
            "node_b",
            "promote_to_acting_master()",
            "This is Node B. Call promote_to_acting_master() on Node A.",
        ),
        ("node_a", "recover_from_node_a()", "This is Node A. Call recover_from_node_a() on Main."),
        ("main", "recover_from_node_a()", "Node A is in VICE mode and takes no writes"),
        ("node_a", "promote_to_acting_master()", "Main is healthy and takes the writes."),
        ("main", "catch_up()", "Call recover_from_node_a() here"),
    ],
)
def test_what_does_not_fit_is_refused(cluster, console, node, call, sentence):
    before = modes(cluster)
    said = console.refused(node, f"CALL {call}")
    assert "(45000)" in said
    assert sentence in said
    assert modes(cluster) == before


def test_the_application_may_not_promote(cluster, console):
    said = Console(cluster, "app").refused("node_a", "CALL promote_to_acting_master()")
    assert "(45000)" in said
    assert "The application's account may not call promote_to_acting_master()." in said


def test_a_half_installed_node_says_what_it_lacks(cluster, console):
    console.says("node_a", "DROP TABLE call_main")
    assert "CALL link_peers()" in console.refused("node_a", "CALL check_main_health()")
    assert "call_main\tmade" in console.says("node_a", "CALL link_peers()")
    assert (
        console.says("node_a", "CALL check_main_health()") == "Main is healthy. Node A remains in VICE mode."
    )


@pytest.mark.parametrize(
    ("setting", "wrong", "right"), [("event_scheduler", "OFF", "ON"), ("net_read_timeout", "30", "2")]
)
def test_a_server_that_lacks_a_setting_says_which(cluster, console, setting, wrong, right):
    console.says("node_a", f"SET GLOBAL {setting} = {wrong}")
    try:
        said = console.refused("node_a", "CALL check_main_health()")
    finally:
        console.says("node_a", f"SET GLOBAL {setting} = {right}")
    assert "(45000)" in said
    assert f"SET GLOBAL {setting} = {right}" in said


def test_without_a_majority_nothing_changes(cluster, console):
    cluster.kill("main")
    cluster.kill("node_b")
    time.sleep(3.5)
    before = cluster.nodes[NodeName.NODE_A].state()
    said = console.refused("node_a", "CALL promote_to_acting_master()")
    assert "(45000)" in said
    assert "only 1 of 3 nodes answer and 2 must agree" in said
    after = cluster.nodes[NodeName.NODE_A].state()
    assert (after.mode, after.promised) == (before.mode, before.promised)


def test_a_frozen_main_is_told_in_three_seconds_and_replaced(cluster, console):
    cluster.servers.local[NodeName.MAIN].freeze()
    said, times = "", []
    while "promoted to ACTING_MASTER successfully" not in said:
        began = time.monotonic()
        said = console.says("node_a", "CALL check_main_health()")
        times.append(time.monotonic() - began)
        assert len(times) < 6, said
    assert max(times) < 3.0
    assert said.startswith("Main unreachable since ")
    began = time.monotonic()
    assert "is stored" in console.says(
        "node_a", "CALL distributed_insert('tt9000001', 'T', 1, NULL, 0, 2000)"
    )
    assert time.monotonic() - began < 1.0


def test_two_silent_nodes_cost_three_seconds_a_call_at_most(cluster, console):
    console.says("node_a", "CALL check_main_health()")
    for name in (NodeName.MAIN, NodeName.NODE_B):
        cluster.servers.local[name].freeze()
    said, deadline = "", time.monotonic() + 15
    while "only 1 of 3 nodes answer and 2 must agree" not in said:
        began = time.monotonic()
        said = console.says("node_a", "CALL check_main_health()")
        assert time.monotonic() - began < 3.0
        assert time.monotonic() < deadline, said
    cluster.servers.local[NodeName.NODE_B].resume()
    for _ in range(4):
        said = console.says("node_a", "CALL check_main_health()")
    assert said == "Main still down. Node A continues as ACTING_MASTER."


def test_a_recovery_of_ten_thousand_entries(cluster, console):
    cluster.kill("main")
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    for first in range(1, 10_000, 2_000):  # each well within a lease, also on a busy machine
        console.says("node_a", f"CALL keep_lease(); {MANY.format(first=first, last=first + 1_999)}")
    cluster.start("main")
    began = time.monotonic()
    said = console.says("main", "CALL recover_from_node_a()")
    seconds = time.monotonic() - began
    assert "Recovery complete. Replayed 5 transactions from Node A." in said
    assert seconds < 30
    rows = "SELECT COUNT(*), SUM(value), MIN(id), MAX(id) FROM test_counter"
    assert console.says("main", rows) == console.says("node_a", rows)


def test_watchers_in_sql_and_python_make_one_primary(cluster, console):
    cluster.kill("main")
    time.sleep(3.5)
    said: list[str] = []
    watchers = [
        threading.Thread(target=lambda: said.append(console.says("node_a", "CALL check_main_health()")))
        for _ in range(3)
    ]
    for watcher in watchers:
        watcher.start()
    command = cluster.manage("promote_node_a")
    for watcher in watchers:
        watcher.join()
    cluster.wait_for_primary("node_a", timeout=8) if command.returncode == 0 else None
    for _ in range(3):
        told = console.says("node_a", "CALL check_main_health()")
    assert told == "Main still down. Node A continues as ACTING_MASTER."
    promotions = console.says(
        "node_a", "SELECT COUNT(DISTINCT epoch) = COUNT(*) FROM transaction_log WHERE record_id = 'PROMOTION'"
    )
    assert promotions == "1"
    assert cluster.primary() is NodeName.NODE_A


def test_the_event_of_node_a_watches_main_alone(cluster, console):
    console.says("node_a", "ALTER EVENT watch_main ENABLE")
    try:
        cluster.kill("main")
        deadline = time.monotonic() + 20
        while modes(cluster)["node_a"][0] != "ACTING_MASTER":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "is stored" in console.says(
            "node_a", "CALL distributed_insert('tt9000001', 'T', 1, NULL, 0, 2000)"
        )
    finally:
        console.says("node_a", "ALTER EVENT watch_main DISABLE")


def test_a_pause_holds_for_the_console_too(cluster, console):
    pause(cluster.nodes, "test")
    cluster.kill("main")
    time.sleep(4)  # the consents to Main run out
    assert "Automation is paused" in console.says("node_a", "CALL check_main_health()")
    assert modes(cluster)["node_a"][0] == "VICE"
    resume(cluster.nodes, "test")
    assert "promoted to ACTING_MASTER" in console.says("node_a", "CALL check_main_health()")


def test_the_console_keeps_to_the_policy_too(cluster, console):
    console.says("node_a", "UPDATE node_config SET config_value = 0 WHERE config_key = 'automatic'")
    cluster.kill("main")
    time.sleep(4)
    assert console.says("node_a", "CALL check_main_health()") == (
        "Main takes no writes. Automatic failover is off (CLUSTER_AUTOMATIC)."
        " Call promote_to_acting_master() to promote Node A."
    )
    assert modes(cluster)["node_a"][0] == "VICE"


def test_after_a_failover_by_itself_the_next_one_waits_for_an_operator(cluster, console):
    cluster.kill("main")
    time.sleep(4)
    assert "promoted to ACTING_MASTER" in console.says("node_a", "CALL check_main_health()")
    failover_at = observe(cluster.nodes).failover_at
    assert failover_at is not None
    assert abs(failover_at - time.time()) < 5
    cluster.start("main")
    console.says("main", "CALL recover_from_node_a()")
    console.says("node_a", "CALL demote_to_vice()")
    assert observe(cluster.nodes).failover_at == failover_at, "a hand-back is no failover"
    cluster.kill("main")
    time.sleep(4)
    again = format_utc(failover_at + cluster.conf.cooldown)
    assert console.says("node_a", "CALL check_main_health()") == (
        f"Main takes no writes. There was an automatic failover at {format_utc(failover_at)}: no other before {again}."
        " Call promote_to_acting_master() to promote Node A."
    )
    assert "promoted to ACTING_MASTER" in console.says("node_a", "CALL promote_to_acting_master()")


def test_a_demotion_that_fails_half_way_leaves_node_a_writing(cluster, console):
    """Main dies when Node A has closed and the last entries are on their way."""
    cluster.kill("main")
    time.sleep(4)
    console.says("node_a", "CALL promote_to_acting_master()")
    cluster.start("main")
    console.says("main", "CALL recover_from_node_a()")
    console.says("node_a", f"CALL keep_lease(); {MANY.format(first=1, last=1_900)}")
    with ThreadPoolExecutor(1) as pool:
        demoting = pool.submit(console.refused, "node_a", "CALL demote_to_vice()")
        while cluster.nodes[NodeName.NODE_A].state().mode.takes_writes:
            assert not demoting.done(), demoting.result()
        cluster.kill("main")
        said = demoting.result()
    assert "(45000)" in said
    assert "Node A goes on as ACTING_MASTER: " in said
    assert "is stored" in console.says(
        "node_a", "CALL distributed_insert('tt9000001', 'T', 1, NULL, 0, 2000)"
    )
    cluster.start("main")
    console.says("node_a", "CALL check_main_health()")
    console.says("main", "CALL recover_from_node_a()")
    console.says("node_a", "CALL demote_to_vice()")
    rows = "SELECT COUNT(*), SUM(value) FROM test_counter; SELECT COUNT(*) FROM title_ft"
    assert console.says("main", rows) == console.says("node_a", rows)
    assert "is stored" in console.says("main", "CALL distributed_insert('tt9000002', 'T', 1, NULL, 0, 2000)")


def test_a_main_that_was_restarted_goes_on_in_a_new_epoch(cluster, console):
    console.says("main", "CALL distributed_insert('tt9000001', 'T', 1, NULL, 0, 2000)")
    cluster.kill("main")
    cluster.start("main")
    again = "CALL distributed_insert('tt9000002', 'T', 1, NULL, 0, 2000)"
    assert "holds no valid write lease" in console.refused("main", again)
    assert console.says("node_a", "CALL check_main_health()") == (
        "Main holds no lease and goes on in a new epoch. Main takes writes in epoch 2."
    )
    assert "is stored" in console.says("main", again)
    assert (
        console.says("node_a", "CALL check_main_health()") == "Main is healthy. Node A remains in VICE mode."
    )


def test_an_acting_node_a_that_was_restarted_goes_on_too(cluster, console):
    cluster.kill("main")
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    console.says("node_a", "CALL distributed_insert('tt9000001', 'T', 1, NULL, 0, 2000)")
    cluster.kill("node_a")
    cluster.start("node_a")
    assert console.says("node_a", "CALL check_main_health()") == (
        "Node A holds no lease and goes on in a new epoch. Node A takes writes in epoch 3."
    )
    assert "is stored" in console.says(
        "node_a", "CALL distributed_insert('tt9000002', 'T', 1, NULL, 0, 2000)"
    )


def test_what_only_main_had_is_orphaned_and_filed_later(cluster, console, operator):
    console.says("main", "INSERT INTO test_word VALUES ('kept', 'a'), ('gone', 'b')")
    cluster.replicator.start()
    leave_orphans(
        cluster,
        "UPDATE test_word SET meaning = 'orphaned' WHERE word = 'kept'",
        "DELETE FROM test_word WHERE word = 'gone'",
        "INSERT INTO test_word VALUES ('new', 'c')",
    )
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    cluster.start("main")
    assert "Recovery complete." in console.says("main", "CALL recover_from_node_a()")
    rows = "SELECT word, meaning FROM test_word ORDER BY word"
    assert console.says("main", rows) == console.says("node_a", rows) == "gone\tb\nkept\ta"
    assert console.says("main", "SELECT COUNT(*) FROM orphaned_entry") == "3"
    cluster.replicator.start()
    operator.recover("main")
    cluster.settle()
    waiting = "SELECT COUNT(*) FROM orphaned_transaction WHERE status = 'PENDING'"
    assert console.says("node_a", waiting) == "3"
    assert console.says("main", "SELECT COUNT(*) FROM orphaned_entry") == "0"


def test_the_hardest_rows_arrive_through_the_console_as_they_are(cluster, console):
    """By a writer that carries its rows itself, and by a recovery: as the replicator would carry them."""
    cluster.kill("main")
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    cluster.start("main")
    cluster.connect("node_a", "root").run(
        "UPDATE node_config SET config_value = 20 WHERE config_key = 'ack_timeout'"
    )
    for values in HARD.values():
        console.says("node_a", "CALL keep_lease()")
        Specimen.objects.using("node_a").create(**values)
    console.says("node_a", "CALL keep_lease(); UPDATE test_specimen SET balance = 1 WHERE id % 2 = 0;")
    assert "Recovery complete." in console.says("main", "CALL recover_from_node_a()")
    console.says("node_b", "CALL catch_up()")
    first, *others = (dump(cluster.connect(name, "cluster"), "test_specimen") for name in NodeName)
    assert len(first) == len(HARD)
    assert others == [first, first]


def test_a_generated_key_is_not_handed_out_again(cluster, console):
    """Its row came and went while Main was away."""
    cluster.kill("main")
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    console.says("node_a", "CALL keep_lease()")
    gone = Specimen.objects.using("node_a").create(**HARD["empty"])
    key = gone.pk
    gone.delete()
    cluster.start("main")
    console.says("main", "CALL recover_from_node_a()")
    console.says("node_a", "CALL demote_to_vice()")
    console.says("main", "CALL keep_lease()")
    assert Specimen.objects.using("main").create(**HARD["empty"]).pk > key
