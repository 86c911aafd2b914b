"""Main refuses new connections and goes on with those that are open: its listener is closed, or a firewall resets."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cluster.actions.failover.check_health import Watch, policy, probe_deadline
from cluster.actions.failover.failover import promote_node_a
from cluster.nodes.cluster import endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import Prober
from cluster.protocol.decide import Action
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName
from tests.harness.conditions import DEAF
from tests.harness.introductions import linked
from tests.harness.links import Links
from tests.harness.observer import observed

pytestmark = [pytest.mark.faults]

PLACE = "monitor"


@pytest.fixture
def links(cluster) -> Iterator[Links]:
    """Give links for the nodes and the place `monitor`; clients reach the nodes directly."""
    with linked(cluster, PLACE) as made:
        yield made


@pytest.fixture
def connect(cluster, links):
    """Return connections of the place `monitor`."""

    def connect(name: NodeName, timeout: float) -> MariaDBNode:
        address = endpoint(cluster.conf, name, cluster.conf.cluster)
        return MariaDBNode(Connection(replace(address, port=links.ports(PLACE)[name]), timeout=timeout))

    return connect


@pytest.fixture
def watch(cluster, connect) -> Iterator[Watch]:
    """Give a watcher that has just started."""
    settings = cluster.conf
    prober = Prober(lambda name: connect(name, settings.probe_timeout), probe_deadline(settings))
    made = Watch(prober, connect, policy(settings), lease_seconds=settings.lease_seconds)
    yield made
    made.close()


def deafen(cluster, links) -> None:
    """Let Main take no new connection; it has just been given its last lease."""
    cluster.settle()
    cluster.replicator.stop()
    cluster.connect("main", "cluster").rows("CALL keep_lease()")
    links.set(DEAF, target="main")


def test_a_new_watcher_waits_for_the_lease_of_a_primary_that_refuses_it(cluster, links, watch):
    with observed(cluster):
        deafen(cluster, links)
        deadline = time.monotonic() + 10
        while (tick := watch.tick()).decision.action is not Action.FAIL_OVER or tick.failed:
            assert time.monotonic() < deadline, tick.sentence
        time.sleep(0.3)
    assert not tick.decision.gone
    assert cluster.nodes[NodeName.NODE_A].lease_epoch() is not None


def test_an_operator_waits_for_the_lease_of_a_primary_that_refuses_him(cluster, links, connect):
    with observed(cluster):
        deafen(cluster, links)
        nodes = {name: connect(name, 5.0) for name in NodeName}
        promote_node_a(nodes, reason="test", lease_seconds=cluster.conf.lease_seconds)
        time.sleep(0.3)
    for node in nodes.values():
        node.close()


def test_a_watcher_that_is_connected_sees_that_such_a_primary_lives(cluster, links, watch):
    watch.tick()
    deafen(cluster, links)
    assert [watch.tick().decision.action for _ in range(3)] == [Action.NOTHING] * 3


def test_a_watcher_whose_connection_ends_with_the_process_waits_for_nothing(cluster, links, watch):
    watch.tick()
    deafen(cluster, links)
    watch.tick()
    began = time.monotonic()
    cluster.kill("main")
    links.look("main")
    tick = watch.tick()
    assert (tick.decision.gone, tick.failed) == (True, False), tick.sentence
    assert time.monotonic() - began < 2


def test_a_connection_that_was_replaced_before_the_refusal_is_no_proof(cluster, links, connect):
    node = connect(NodeName.MAIN, 1.0)
    node.state()
    (session,) = node.connection.row("SELECT CONNECTION_ID()")
    cluster.connect("main", "root").run(f"KILL {session}")
    with pytest.raises(NodeUnreachable):
        node.state()
    node.state()
    node.close()
    links.set(DEAF, target="main")
    with pytest.raises(NodeUnreachable) as problem:
        node.state()
    assert (problem.value.gone, problem.value.ended) == (True, None)
