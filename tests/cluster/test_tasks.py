"""Celery for real: a broker, workers and a beat as processes of their own."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from celery.backends.redis import RedisBackend
from celery.states import SUCCESS

from cluster import tasks
from cluster.nodes.connection import Connection
from cluster.protocol.names import NodeName
from mco2site.celery import app
from tests.harness.waiting import wait_for
from tests.harness.workers import Workers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def workers(cluster) -> Iterator[Workers]:
    cluster.settle()
    with ExitStack() as ending:
        yield Workers(cluster.servers.directory, cluster.servers.environment(), ending)


def takes_writes(cluster, name: NodeName) -> bool:
    return cluster.nodes[name].lease_epoch() is not None


def test_beat_and_a_worker_fail_over_also_after_their_broker_was_away(cluster, workers):
    workers.worker("health", "--pool", "solo")
    workers.beat()
    node_b = cluster.connect("node_b")
    wait_for(lambda: heartbeat(node_b) != "")
    workers.broker.kill()
    time.sleep(2)
    workers.broker.start()
    seen = heartbeat(node_b)
    wait_for(lambda: heartbeat(node_b) != seen)
    cluster.kill("main")
    wait_for(lambda: takes_writes(cluster, NodeName.NODE_A))


def heartbeat(connection: Connection) -> str:
    """When somebody last probed the node."""
    return str(connection.row("SELECT config_value FROM node_config WHERE config_key = 'heartbeat'")[0])


def test_ticks_that_nobody_takes_do_not_pile_up(workers):
    workers.beat()
    wait_for(lambda: workers.client.llen("health") >= 10)
    time.sleep(3)
    assert workers.client.llen("health") == 10


def test_an_operator_follows_a_job_on_its_own_queue(cluster, workers):
    workers.worker("operator", "-c", "1")
    job = workers.call(tasks.verify.name)
    results = RedisBackend(url=workers.url, app=app)
    wait_for(lambda: results.get_state(job) == SUCCESS, 40)
    assert results.get_result(job).startswith("All nodes are equal")
    results.client.close()
