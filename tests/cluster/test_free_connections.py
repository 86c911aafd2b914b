"""A server whose connections are used up: it lives, so it is named and not replaced; some are kept for the cluster."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cluster.actions.failover.check_health import Watch
from cluster.actions.steps.observe import observe
from cluster.nodes.connection import Connection
from cluster.protocol.decide import Action
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName
from tests.harness.sql import row_entries

RESERVED = 40
LEAST = 10
"""The smallest max_connections that a server takes."""


@contextmanager
def exhausted_by_the_application(cluster, name: str) -> Iterator[str]:
    """Take connections of the application until there are no more; what the last one was told."""
    opened: list[Connection] = []
    try:
        while True:
            connection = cluster.servers.connect(NodeName(name))
            connection.row("SELECT 1")
            opened.append(connection)
            assert len(opened) < 500
    except NodeUnreachable as error:
        yield error.reason
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def without_free_connections(cluster, name: str) -> Iterator[None]:
    """Let the server have far more connections than it may, so that it takes none; those that are open go on."""
    root = cluster.connect(name, "root")
    (most,) = root.row("SELECT @@GLOBAL.max_connections")
    held = [cluster.servers.connect(NodeName(name), "cluster") for _ in range(2 * LEAST)]
    try:
        for connection in held:
            connection.row("SELECT 1")
        root.run(f"SET GLOBAL max_connections = {LEAST}")
        yield
    finally:
        root.run(f"SET GLOBAL max_connections = {most}")
        for connection in held:
            connection.close()


@pytest.mark.parametrize("name", ["main", "node_a"])
def test_the_application_leaves_connections_to_the_cluster_and_to_operators(cluster, name):
    cluster.settle()
    writer = cluster.connect("main")
    writer.row("SELECT 1")
    (most,) = cluster.connect(name, "root").row("SELECT @@max_connections")
    with exhausted_by_the_application(cluster, name) as told:
        assert "max_user_connections" in told
        spare = [cluster.servers.connect(NodeName(name), "cluster") for _ in range(RESERVED // 2)]
        assert [connection.row("SELECT 1")[0] for connection in spare] == [1] * len(spare)
        assert cluster.servers.connect(NodeName(name), "root").row("SELECT 1")[0] == 1
        assert observe(cluster.fresh_nodes()).missing() == ""
        watch = Watch.configured(cluster.conf)
        assert watch.tick().sentence == "Main is healthy. Node A remains in VICE mode."
        watch.close()
        writer.run("SET @current_transaction_id = 'in-need'")
        writer.run("INSERT INTO test_word (word, meaning) VALUES ('need', '')")
        writer.rows("CALL await_acknowledgement('in-need', 5)")
        used = cluster.connect(name, "root").row(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = %s",
            (cluster.servers.application.user,),
        )[0]
        assert used == most - RESERVED
        for connection in spare:
            connection.close()
    assert [record for *_, record in row_entries(writer)] == ["need"]


def test_a_primary_without_a_free_connection_is_named_and_not_replaced(cluster):
    cluster.settle()
    with without_free_connections(cluster, "main"):
        watch = Watch.configured(cluster.conf)
        ticks = [watch.tick() for _ in range(4)]
        watch.close()
        error = observe(cluster.fresh_nodes()).error(NodeName.MAIN)
        status = json.loads(cluster.manage("cluster_status", "--json").stdout)
    assert error is not None
    assert error.full
    assert error.reason.startswith("it has no free connection: ")
    last = ticks[-1].decision
    assert (last.action, last.alarm) == (Action.NOTHING, True)
    assert last.sentence.startswith("Main has no free connection, so it lives and serves who is connected. ")
    assert status["sentence"].startswith("Main has no free connection")
    assert "promote_node_a" not in status["sentence"]
    assert cluster.nodes[NodeName.MAIN].lease_epoch() == 1


def test_a_candidate_without_a_free_connection_is_named(cluster):
    cluster.settle()
    with without_free_connections(cluster, "node_a"):
        watch = Watch.configured(cluster.conf)
        sentence = watch.tick().sentence
        watch.close()
    assert "Not in sync: Node A. Node A: it has no free connection: " in sentence
