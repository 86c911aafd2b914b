"""Main is killed under load, and comes back or not (01, 02, 38)."""

import threading
import time

import pytest

from cluster.protocol.errors import NOT_WRITABLE, ClusterError
from cluster.protocol.names import Mode, NodeName
from tests.harness.checker import check, observed
from tests.harness.operator import Operator
from tests.harness.sql import refusal
from tests.harness.writers import writing

pytestmark = pytest.mark.faults


def test_01_killed_under_load_and_down_for_long(cluster, operator):
    """Node A takes over, nothing acknowledged is lost, Main comes up unwritable and rejoins."""
    with observed(cluster), writing(cluster) as book:
        book.wait_for(100)
        cluster.kill("main")
        operator.promote_node_a()
        book.wait_for(100)
        cluster.start("main")
        refusal(cluster.connect("main"), "DELETE FROM test_counter", code=NOT_WRITABLE)
        book.wait_for(50)
        operator.recover("main")
        state = cluster.nodes[NodeName.MAIN].state()
        assert (state.mode, state.writable) == (Mode.RECOVERING, False)
        book.wait_for(50)
        operator.demote_node_a()
        book.wait_for(50)
    assert cluster.primary() == "main"
    assert book.gap() < 10
    check(cluster, book)


def test_01_nobody_is_told_of_what_only_main_has(cluster, operator):
    """The replicator ends a moment before Main: writers commit on and are not acknowledged."""
    with observed(cluster), writing(cluster) as book:
        book.wait_for(50)
        cluster.replicator.stop()
        wait_for_lead(cluster)
        cluster.kill("main")
        operator.promote_node_a()
        cluster.replicator.start()
        book.wait_for(50)
        cluster.start("main")
        assert operator.recover("main").orphaned > 0
    check(cluster, book)


def wait_for_lead(cluster) -> None:
    """Until Main has transactions that neither of the others has."""
    deadline = time.monotonic() + 5
    while True:
        main, *others = (cluster.nodes[name].state().entries for name in NodeName)
        if main > max(others) + 4:
            return
        assert time.monotonic() < deadline, "nobody writes"
        time.sleep(0.01)


@pytest.mark.parametrize("verb", ["resume", "failover"])
def test_02_killed_and_restarted_at_once(cluster, operator, verb):
    """It has no lease then: it resumes, or Node A takes over."""
    to = "main" if verb == "resume" else "node_a"
    with observed(cluster), writing(cluster) as book:
        book.wait_for(50)
        cluster.kill("main")
        cluster.start("main")
        operator.give_writes(to)
        book.wait_for(50)
    assert cluster.primary() == to
    operator.recover("main") if to == "node_a" else None
    check(cluster, book)


def test_02_resume_and_failover_at_the_same_time(cluster):
    """One of them wins the epoch, or one after the other; two nodes are never writable at once."""
    operators = {name: Operator(cluster) for name in ("main", "node_a")}
    with observed(cluster), writing(cluster) as book:
        for _ in range(3):
            last = cluster.primary()
            book.wait_for(20)
            cluster.kill(last)
            cluster.start(last)
            threads = [
                threading.Thread(target=attempt, args=(operator, name))
                for name, operator in operators.items()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            bring_back(cluster, operators["main"])
            book.wait_for(20)
    check(cluster, book)


def attempt(operator: Operator, to: str) -> None:
    """Try to give the writes to a node; a rival may be faster."""
    try:
        operator.give_writes(to)
    except ClusterError:
        return


def bring_back(cluster, operator: Operator) -> None:
    """Bring Main back: there is a primary, and Main has caught up with it."""
    if cluster.primary() is None:
        operator.give_writes("main")
    if cluster.primary() == "node_a":
        operator.recover("main")


def test_38_every_acknowledged_transaction_survives_repeated_crashes(cluster, operator):
    """Under full load, back and forth."""
    with observed(cluster), writing(cluster, writers=12) as book:
        for _ in range(2):
            book.wait_for(100)
            cluster.kill("main")
            operator.promote_node_a()
            book.wait_for(100)
            cluster.start("main")
            operator.recover("main")
            cluster.kill("node_a")
            operator.give_writes("main")
            book.wait_for(50)
            cluster.start("node_a")
            cluster.settle(20)
    check(cluster, book)
