"""Main is cut off so that packets to it are lost: a new connection is answered neither yes nor no.

A server that dials then waits for its kernel to give up, about two minutes, and no timeout of its own ends that.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest

from cluster.actions.automation import pause
from cluster.actions.check_health import Watch, patience, policy
from cluster.nodes.cluster import endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import Prober
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName
from tests.harness.introductions import introduced
from tests.harness.links import BLACK_HOLE, OPEN, Links

pytestmark = [pytest.mark.faults]

BUSY = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID()"


@pytest.fixture
def links(cluster) -> Iterator[Links]:
    """The nodes and the place `monitor` reach each other by links that can be cut."""
    made = Links({name: node.port for name, node in cluster.servers.local.items()})
    made.ports("monitor")
    try:
        with introduced(cluster, made):
            yield made
            made.set(OPEN)
    finally:
        made.close()


def reached_by(cluster, links, place: str, name: NodeName, timeout: float) -> Connection:
    """A connection of a place, by its links."""
    address = endpoint(cluster.conf, name, cluster.conf.cluster)
    return Connection(replace(address, port=links.ports(place)[name]), timeout=timeout)


def watches(cluster, links, count: int, ending: ExitStack) -> list[Watch]:
    """Watches that reach the nodes by the links of the place `monitor`."""
    settings = cluster.conf

    def connect(name: NodeName, timeout: float) -> MariaDBNode:
        return MariaDBNode(reached_by(cluster, links, "monitor", name, timeout))

    def prober() -> Prober:
        return Prober(lambda name: connect(name, settings.probe_timeout), patience(settings))

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
