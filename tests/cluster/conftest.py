"""Fixtures of the tests on three real servers."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client

from cluster.actions.maintenance.rebuild import take_definitions
from cluster.actions.maintenance.setup import link, set_up
from cluster.backend.base import DatabaseWrapper
from cluster.local import each
from cluster.local.scratch import revive
from cluster.protocol.names import NodeName
from tests.harness.cluster import Cluster
from tests.harness.commands import lines, write
from tests.harness.servers import ScratchServers


@pytest.fixture(scope="module")
def steady_cluster(servers: ScratchServers, django_db_blocker) -> Iterator[Cluster]:
    """Give a cluster for all tests of a module, which leave it as they found it."""
    with django_db_blocker.unblock(), servers.pointed() as conf:
        servers.reset()
        made = Cluster(servers, conf)
        try:
            made.begin()
            made.settle()
            yield made
        finally:
            made.end()


ENTRIES = "SELECT transaction_id, operation_type, record_id FROM transaction_log WHERE log_type = 'ROW' ORDER BY log_id"


@pytest.fixture
def main(cluster) -> Iterator[DatabaseWrapper]:
    """Give the test's connection to Main, through the backend."""
    cluster.settle()
    yield connections["default"]
    connections["default"].close()


@pytest.fixture
def arrived(cluster) -> Callable[[], list[tuple[str, str, str]]]:
    """Return what Node A or Node B holds of the log this moment: nothing is waited for."""
    nodes = [cluster.connect("node_a"), cluster.connect("node_b")]

    def entries() -> list[tuple[str, str, str]]:
        return max((list(node.rows(ENTRIES)) for node in nodes), key=len)

    return entries


@pytest.fixture
def wipe(cluster) -> Iterator[Callable[[NodeName], None]]:
    """Give a node an empty data directory, as after the loss of its disk."""
    wiped = []

    def wipe(name: NodeName) -> None:
        wiped.append(name)
        cluster.wipe(name)

    yield wipe
    each(cluster.servers.local.values(), revive)
    for name in wiped:
        connections[name].close()
        set_up(name)
        kept = next(other for other in NodeName if other not in wiped)
        take_definitions(cluster.nodes[kept], cluster.nodes[name])
        assert link(name) == []


@pytest.fixture
def officer(cluster) -> Client:
    """Return a browser of somebody who may do everything."""
    users = get_user_model().objects
    client = Client()
    client.force_login(users.filter(username="root").first() or users.create_superuser("root"))
    return client


@pytest.fixture
def acting(cluster):
    """Kill Main; Node A takes over and has two transactions more."""
    write(cluster, "main", 1)
    cluster.settle()
    cluster.kill("main")
    lines(cluster.manage("promote_node_a"))
    write(cluster, "node_a", 2, 3)
    return cluster
