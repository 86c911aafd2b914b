"""Celery for real: a broker, workers and a beat as processes of their own."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from celery.backends.redis import RedisBackend
from celery.states import SUCCESS

from cluster import tasks
from cluster.protocol.names import NodeName
from mco2site.celery import app
from tests.harness.waiting import wait_for
from tests.harness.workers import Workers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


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
    wait_for(lambda: heartbeat(cluster) != "")
    workers.broker.kill()
    time.sleep(2)
    workers.broker.start()
    seen = heartbeat(cluster)
    wait_for(lambda: heartbeat(cluster) != seen)
    cluster.kill("main")
    wait_for(lambda: takes_writes(cluster, NodeName.NODE_A), 15)


def heartbeat(cluster) -> str:
    """When somebody last probed Node B."""
    return str(
        cluster.connect("node_b").row("SELECT config_value FROM node_config WHERE config_key = 'heartbeat'")[
            0
        ]
    )


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
