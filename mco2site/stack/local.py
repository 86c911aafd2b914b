"""Bringing the local stack up and down, step by step."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from rich.console import Console

from cluster.conf import CONTROL_ALIAS, conf
from cluster.local import LocalNode, each, local_nodes
from cluster.local.ports import is_taken
from mco2site.stack.admin import create_admin
from mco2site.stack.errors import StackError
from mco2site.stack.programs import programs
from mco2site.stack.supervisor import Supervisor

HEALTHY_SECONDS = 60.0
SAMPLE = ("title.basics.tsv.gz", "title.ratings.tsv.gz")


class LocalStack:
    """The private nodes and the supervised programs of this checkout."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.var: Path = settings.VAR_DIR
        self.supervisor = Supervisor(self.var / "stack", settings.BASE_DIR, programs())
        self.nodes = local_nodes(conf(), self.var, settings.LOCAL_BUFFER_POOL)

    @property
    def web(self) -> str:
        """Where the site is."""
        return f"http://127.0.0.1:{settings.WEB_PORT}/"

    def up(self) -> None:
        """Start what is not running, and wait until all of it is healthy.

        Nothing is started when a port is taken; what this call started is stopped when a later
        step fails. Raises StackError, LocalNodeError or CommandError with a sentence.
        """
        self._check()
        with ExitStack() as undo:
            undo.callback(each, [node for node in self.nodes.values() if node.pid is None], _stop)
            if not self.supervisor.running:
                undo.callback(self.supervisor.stop)
            self._start()
            undo.pop_all()

    def down(self) -> None:
        """Stop the programs, then the nodes."""
        with self._step("Stopping the programs"):
            self.supervisor.stop()
        with self._step("Stopping the nodes"):
            each(self.nodes.values(), _stop)

    def _check(self) -> None:
        """Raise before anything is started when a port is taken by a program that is not ours."""
        for node in self.nodes.values():
            node.check_port()
        if self.supervisor.running:
            return
        self.supervisor.end_leftovers()
        for program in self.supervisor.programs:
            if program.port and is_taken(program.port):
                raise StackError(
                    f"Port {program.port} of {program.name} is taken by another program: "
                    f"set {program.variable} to a free port, or stop that program."
                )

    def _start(self) -> None:
        with self._step("Nodes"):
            each(self.nodes.values(), LocalNode.init)
            each(self.nodes.values(), LocalNode.start)
        with self._step("Control database"):
            call_command("migrate", database=CONTROL_ALIAS, verbosity=0)
        self._run("Tables, triggers and accounts", "setup_nodes")
        with self._step("Broker, web, replicator, watch, workers"):
            self._supervise()
            # All of them start side by side: when the site answers, the replicator keeps the primary's lease.
            _wait(self._is_ready, f"The site did not answer at {self.web}readyz")
        with self._step("A primary"):
            _wait(self._has_primary, "No node took the role of the primary")
        self._run("Shape of the tables", "migrate")
        create_admin()  # not before: the users may be replicated
        self._load_sample()
        with self._step("All programs at work"):
            _wait(lambda: not self.supervisor.ailing(), "Not every program went on running")

    def _supervise(self) -> None:
        if not self.supervisor.is_current():
            self.supervisor.stop()
            self.supervisor.start()

    def _load_sample(self) -> None:
        """Load the sample once: a mark beside the nodes' data says that it was loaded whole."""
        mark = self.var / "nodes" / "sample-loaded"
        if mark.exists():
            return
        basics, ratings = (settings.BASE_DIR / "titles" / "sample" / name for name in SAMPLE)
        self.console.print("Loading the sample titles")
        call_command("load_titles", "--basics", str(basics), "--ratings", str(ratings))
        mark.touch()

    def _run(self, title: str, command: str) -> None:
        with self._step(title):
            call_command(command, stdout=StringIO())

    def _has_primary(self) -> bool:
        return cluster_status().get("primary") is not None

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.web}readyz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        began = time.monotonic()
        with self.console.status(f"{title} ..."):
            yield
        self.console.print(f"{title}: done in {time.monotonic() - began:.1f} s")


def _stop(node: LocalNode) -> bool:
    return node.stop()


def cluster_status() -> dict[str, object]:
    """Return what `cluster_status --json` says."""
    out = StringIO()
    call_command("cluster_status", json=True, stdout=out)
    status: dict[str, object] = json.loads(out.getvalue())
    return status


def _wait(healthy: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not healthy():
        if time.monotonic() > deadline:
            raise StackError(f"{otherwise} within {HEALTHY_SECONDS:g} seconds: see `make logs`.")
        time.sleep(0.1)
