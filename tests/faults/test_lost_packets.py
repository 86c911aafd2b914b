"""Main is cut off so that packets to it are lost: a new connection is answered neither yes nor no.

A server that dials then waits for its kernel to give up, about two minutes, and no timeout of its own ends that.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest

from cluster.actions.failover.automation import pause
from cluster.actions.failover.check_health import Watch, policy, probe_deadline
from cluster.nodes.cluster import endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import Prober
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import Mode, NodeName
from tests.harness.conditions import BLACK_HOLE, OPEN
from tests.harness.console import Console
from tests.harness.introductions import linked
from tests.harness.links import Links

pytestmark = [pytest.mark.faults]

REPLAYED = "SELECT config_value FROM node_config WHERE config_key = 'replayed_transactions'"
MANY = """CALL keep_lease(); SET @current_transaction_id = NULL;
INSERT INTO test_counter SELECT seq, seq, REPEAT('x', 40) FROM seq_{first}_to_{last};"""
BUSY = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID()"


@pytest.fixture
def links(cluster) -> Iterator[Links]:
    """Give links that can be cut, for the nodes and the place `monitor`."""
    with linked(cluster, "monitor") as made:
        yield made


def reached_by(cluster, links, place: str, name: NodeName, timeout: float) -> Connection:
    """Return a connection of a place, by its links."""
    address = endpoint(cluster.conf, name, cluster.conf.cluster)
    return Connection(replace(address, port=links.ports(place)[name]), timeout=timeout)


def watches(cluster, links, count: int, ending: ExitStack) -> list[Watch]:
    """Watches that reach the nodes by the links of the place `monitor`."""
    settings = cluster.conf

    def connect(name: NodeName, timeout: float) -> MariaDBNode:
        return MariaDBNode(reached_by(cluster, links, "monitor", name, timeout))

    def prober() -> Prober:
        return Prober(lambda name: connect(name, settings.probe_timeout), probe_deadline(settings))

    made = [
        Watch(prober(), connect, policy(settings), lease_seconds=settings.lease_seconds) for _ in range(count)
    ]
    for watch in made:
        ending.callback(watch.close)
    return made


def test_connecting_ends_in_the_time_that_the_caller_gives(cluster, links):
    links.set(BLACK_HOLE, target="main")
    began = time.monotonic()
    with pytest.raises(NodeUnreachable) as problem:
        reached_by(cluster, links, "monitor", NodeName.MAIN, 1).row("SELECT 1")
    assert time.monotonic() - began < 1.5
    assert not problem.value.gone


def test_looks_at_a_silent_main_do_not_pile_up(cluster, links):
    cluster.settle()
    pause(cluster.nodes, "test")
    node_a = cluster.connect("node_a", "root")
    with ExitStack() as ending:
        looking = watches(cluster, links, 3, ending)
        pool = ending.enter_context(ThreadPoolExecutor(3))
        list(pool.map(Watch.tick, looking))
        links.set(BLACK_HOLE, target="main")
        most, until = 0, time.monotonic() + 20
        while time.monotonic() < until:
            list(pool.map(Watch.tick, looking))
            most = max(most, node_a.row(BUSY)[0])
            time.sleep(0.5)
    assert most <= 3


# The SQL console


@pytest.fixture
def console(cluster, links) -> Console:
    """Clients at the nodes themselves; the nodes reach each other by links."""
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    return Console(cluster)


def timed(ask: Callable[[], str]) -> tuple[str, float]:
    """Return what it answers, and after how many seconds."""
    began = time.monotonic()
    return ask(), time.monotonic() - began


def insert(console: Console, node: str, number: int) -> tuple[str, float]:
    """Return a title through the public procedure."""
    call = f"CALL distributed_insert('tt90000{number:02}', 'T', 1, NULL, 0, 2000)"
    return timed(lambda: console.says(node, call))


def test_the_console_replaces_a_main_whose_packets_are_lost(cluster, console, links):
    console.says("node_a", "CALL check_main_health()")
    links.set(BLACK_HOLE, target="main")
    links.set(BLACK_HOLE, source="main")
    said, times = "", []
    while "promoted to ACTING_MASTER successfully" not in said:
        said, seconds = timed(lambda: console.says("node_a", "CALL check_main_health()"))
        times.append(seconds)
        assert len(times) < 8, said
    assert max(times) < 3.0
    said, seconds = insert(console, "node_a", 1)
    assert "is stored" in said
    assert seconds < 1.0


def test_the_console_does_not_replace_a_main_whose_lease_is_renewed(cluster, links):
    cluster.settle()
    console = Console(cluster)  # the replicator goes on and reaches every node
    console.says("node_a", "CALL check_main_health()")
    links.set(BLACK_HOLE, source="node_a", target="main")
    cut_at, said = time.monotonic(), ""
    while "its lease is renewed there: no failover" not in said:
        said = console.says("node_a", "CALL check_main_health()")
        assert "successfully" not in said
        assert time.monotonic() - cut_at < 15, said
    state = cluster.nodes[NodeName.MAIN].state()
    assert (state.mode, state.promised) == (Mode.PRIMARY, 1)


def test_a_peer_whose_packets_are_lost_costs_one_writer_two_seconds(cluster, console, links):
    insert(console, "main", 1)
    links.set(BLACK_HOLE, target="node_a")
    first, *others = [insert(console, "main", number) for number in range(2, 6)]
    assert "is stored" in first[0]
    assert 1.5 < first[1] < 2.5
    assert max(seconds for _, seconds in others) < 0.5


def test_other_writers_go_on_while_one_waits_for_such_a_peer(cluster, console, links):
    insert(console, "main", 1)
    links.set(BLACK_HOLE, target="node_a")
    with ThreadPoolExecutor(4) as pool:
        times = [seconds for _, seconds in pool.map(lambda n: insert(console, "main", n), range(2, 6))]
    assert max(times) < 2.5, "they wait at the same time, not one after the other"


def test_a_claim_that_nobody_awaits_any_more_is_not_made(cluster, console, links):
    console.says("node_a", "CALL probe_peers()")
    links.set(BLACK_HOLE, source="node_a", target="main")
    assert "no answer within 1.8 s" in console.says(
        "node_a", "CALL rpc_call('main', 'claim', 9, NULL, @answer, @problem); SELECT @problem;"
    )
    links.set(OPEN)
    time.sleep(6)  # what was sent is heard now, and connections that knocked are answered
    state = cluster.nodes[NodeName.MAIN].state()
    assert (state.mode, state.promised) == (Mode.PRIMARY, 1)


def test_a_recovery_whose_packets_are_lost_says_so_and_goes_on_later(cluster, console, links):
    cluster.kill("main")
    time.sleep(3.5)
    console.says("node_a", "CALL promote_to_acting_master()")
    for turn in range(20):
        console.says("node_a", MANY.format(first=turn * 1000 + 1, last=turn * 1000 + 1000))
    cluster.start("main")
    second = cluster.connect("main", "cluster")
    with ThreadPoolExecutor(1) as pool:
        recovering = pool.submit(console.refused, "main", "CALL recover_from_node_a()")
        while second.row("SELECT config_value FROM node_config WHERE config_key = 'node_mode'") != (
            "RECOVERING",
        ):
            assert not recovering.done()
        links.set(BLACK_HOLE, source="main")
        cut_at = time.monotonic()
        assert "node_a: " in recovering.result()
    assert time.monotonic() - cut_at < 15
    links.set(OPEN)
    time.sleep(1)
    replayed = []
    with ThreadPoolExecutor(1) as pool:
        recovering = pool.submit(console.says, "main", "CALL recover_from_node_a()")
        while not recovering.done():
            replayed.append(int(second.row(REPLAYED)[0]))
            time.sleep(0.01)
    assert "Recovery complete. Replayed 20 transactions from Node A." in recovering.result()
    assert replayed == sorted(replayed)
    assert len(set(replayed)) > 5, "another session sees how far it is"
    rows = "SELECT COUNT(*), SUM(value), MIN(id), MAX(id) FROM test_counter"
    assert console.says("main", rows) == console.says("node_a", rows)
