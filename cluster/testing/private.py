"""A cluster of three private servers for the tests of an application: begun once in a process, ended with it."""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cluster.actions.events import journal
from cluster.actions.failover.demote import demote_node_a
from cluster.actions.failover.recover import recover
from cluster.actions.steps.observe import observe
from cluster.backend import counters, view
from cluster.backend.creation import CREATED, PLACE
from cluster.background import PerProcess
from cluster.conf import CLUSTER_ALIAS, CONTROL_ALIAS, conf
from cluster.local import LocalNodeError, each
from cluster.local.beside_tests import READY
from cluster.local.scratch import ScratchServers, importing, memory, revive
from cluster.nodes.cluster import connect_all
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView
from cluster.testing.pointing import pointed
from cluster.testing.settling import logs, settle

START_SECONDS = 600.0
"""Seconds in which the program beside the tests sets up and migrates: hundreds of migrations take minutes."""
RESTORE_SECONDS = 60.0
PAUSE = 0.05
END_SECONDS = 10.0
TAIL = 2_000
POLICY: Mapping[str, Any] = {
    "CLUSTER_AUTOMATIC": True,
    "CLUSTER_FAILBACK": "manual",
    "CLUSTER_COOLDOWN_SECONDS": 0.0,
    "CLUSTER_PROBE_INTERVAL": 0.5,
    "CLUSTER_LEASE_SECONDS": 3.0,
    "CLUSTER_ACK_TIMEOUT": 5.0,
    "CLUSTER_WRITE_DEADLINE": 30.0,
    "CLUSTER_DURABILITY": "quorum",
    "CLUSTER_ALERT_URLS": (),
}
"""What is different from the project's own: failovers by themselves, room for a busy machine, and no alerts."""


class PrivateClusterError(Exception):
    """The private cluster could not be begun, or does not come back into its first state."""

    def __init__(self, reason: object) -> None:
        super().__init__(
            f"Tests with `cluster = True` need a private cluster of three MariaDB servers on this machine: {reason}"
        )


class PrivateCluster:
    """Three servers with everything that a cluster has: guards, log, acknowledgements, replicator, monitor.

    A node is named by its alias. Raises PrivateClusterError.
    """

    def __init__(self) -> None:
        self._program: subprocess.Popen[str] | None = None
        try:
            self.servers = ScratchServers(templates(), memory())
        except LocalNodeError as error:
            raise PrivateClusterError(error) from error
        atexit.register(self.close)
        try:
            self._program = self._begin()
        except BaseException:
            self.close()
            raise

    # What a test does

    @property
    def primary(self) -> str | None:
        """The alias of the node that takes writes now."""
        with nodes() as all_nodes:
            found = observe(all_nodes).primary
        return found.name.value if found else None

    def kill(self, node: str) -> None:
        """End a server as a power cut would (SIGKILL)."""
        self.servers.local[NodeName(node)].kill()

    def start(self, node: str) -> None:
        """Start a server that is down, and wait until it answers."""
        self.servers.local[NodeName(node)].start()

    def freeze(self, node: str) -> None:
        """Stop a server in its tracks (SIGSTOP): connections stay open, and nothing answers."""
        self.servers.local[NodeName(node)].freeze()

    def resume(self, node: str) -> None:
        """Let a frozen server go on (SIGCONT)."""
        self.servers.local[NodeName(node)].resume()

    def settle(self, timeout: float = 30.0) -> str:
        """Wait until every node that is up holds all that the primary has; return the primary. Raises TimeoutError."""
        with nodes() as all_nodes:
            return settle(all_nodes, timeout).value

    # What a test class does

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let Django's aliases be this cluster, in its first state."""
        changes = self._databases()
        given = settings.DATABASES
        changes[CLUSTER_ALIAS]["TEST"] = {
            key: value for key, value in (given[CLUSTER_ALIAS].get("TEST") or {}).items() if key != CREATED
        }
        with pointed({name: given[name] | change for name, change in changes.items()}, **self._values()):
            try:
                self.restore()
                yield
            finally:
                leave_control_database()

    def restore(self) -> None:
        """Bring every server up, Main into its office and the others in sync with it."""
        deadline = time.monotonic() + RESTORE_SECONDS
        each(self.servers.local.values(), revive)
        with nodes() as all_nodes:
            while reason := self._missing(all_nodes):
                if time.monotonic() > deadline:
                    raise PrivateClusterError(f"it does not come back into its first state. {reason}")
                time.sleep(PAUSE)
        view.forget()  # what this process saw of the primary is a moment old

    def _missing(self, all_nodes: Mapping[NodeName, MariaDBNode]) -> str:
        """Do the next step to the first state; return what is still missing, empty when nothing is."""
        seen = observe(all_nodes)
        if seen.primary is None or seen.missing():
            return seen.missing() or "No node takes writes."
        try:
            self._bring_back(all_nodes, seen)
        except ClusterError as error:
            return str(error)
        if seen.primary.name is not NodeName.MAIN:
            return "Main does not take the writes."
        return "" if len(set(logs(all_nodes).values())) == 1 else "The logs differ."

    def _bring_back(self, all_nodes: Mapping[NodeName, MariaDBNode], seen: ClusterView) -> None:
        """Recover who was replaced, and let Main have the writes. Raises ClusterError."""
        assert seen.primary is not None  # noqa: S101 - the caller has seen one
        seconds = conf().lease_seconds
        for state in seen.reachable:
            behind = state.mode.takes_writes or state.led < seen.primary.led
            if state.name is not seen.primary.name and behind:
                recover(all_nodes, state.name, lease_seconds=seconds, on_progress=lambda _: None)
        if seen.primary.name is not NodeName.MAIN:
            demote_node_a(all_nodes, reason="The next test.", lease_seconds=seconds, timeout=END_SECONDS)

    # The program beside the tests

    def _databases(self) -> dict[str, dict[str, Any]]:
        """Return what is different in DATABASES."""
        own: dict[str, dict[str, Any]] = {
            name.value: self.servers.database(node) for name, node in self.servers.local.items()
        }
        nowhere = dict.fromkeys(PLACE, "")
        control = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self.servers.control),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL",
            },
        }
        return own | {CLUSTER_ALIAS: nowhere, CONTROL_ALIAS: nowhere | control}

    def _values(self) -> dict[str, Any]:
        """Return what is different in the settings besides."""
        return {**self.servers.accounts(), **POLICY}

    def _begin(self) -> subprocess.Popen[str]:
        """Start the program, and wait until it has set the cluster up."""
        module = os.environ.get("DJANGO_SETTINGS_MODULE")
        if not module:
            raise ImproperlyConfigured(
                "A private cluster needs the settings in a module: DJANGO_SETTINGS_MODULE."
            )
        migrations = (settings.DATABASES[CLUSTER_ALIAS].get("TEST") or {}).get("MIGRATE", True)
        given = {"databases": self._databases(), "values": self._values(), "migrations": migrations}
        file, log = self.servers.directory / "beside_tests.json", self.servers.directory / "beside_tests.log"
        file.touch(mode=0o600)
        file.write_text(json.dumps(given))
        with log.open("w") as said:
            program = subprocess.Popen(
                [sys.executable, "-m", "cluster.local.beside_tests", str(file)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=importing(),
                start_new_session=True,
            )  # fmt: skip
        if not becomes_ready(program, START_SECONDS):
            program.kill()
            program.wait()
            raise PrivateClusterError(f"its set-up failed.\n{log.read_text()[-TAIL:]}")
        return program

    def close(self) -> None:
        """End the program and the servers. May be repeated."""
        atexit.unregister(self.close)
        program, self._program = self._program, None
        if program is not None:
            with suppress(subprocess.TimeoutExpired):
                program.communicate(timeout=END_SECONDS)  # the end of its input is its sign
            program.kill()
            program.wait()
        self.servers.close()


def becomes_ready(program: subprocess.Popen[str], seconds: float) -> bool:
    """Read what the program says until it is ready, has ended, or the time is over."""
    assert program.stdout is not None  # noqa: S101 - it is a pipe
    timer = threading.Timer(seconds, program.kill)
    timer.start()
    try:
        return any(line.strip() == READY for line in program.stdout)
    finally:
        timer.cancel()


def leave_control_database() -> None:
    """Let nothing of this process write to the control database any more: soon the alias is another one."""
    journal.finish(END_SECONDS)
    if (counted := counters.of_this_process.pop()) is not None:
        counted.end()


@contextmanager
def nodes() -> Iterator[dict[NodeName, MariaDBNode]]:
    """Give all nodes of the configuration, with connections of their own."""
    made = connect_all(timeout=5.0)
    try:
        yield made
    finally:
        for node in made.values():
            node.close()


def templates() -> Path:
    """Return where the empty data directory of the servers is kept from run to run."""
    if var := getattr(settings, "VAR_DIR", None):
        return Path(var) / "template"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "mco2" / "template"


class Once:
    """The cluster of a process, or the reason why there is none: it is attempted once."""

    def __init__(self) -> None:
        self.error: PrivateClusterError | None = None
        self.cluster: PrivateCluster | None = None
        try:
            self.cluster = PrivateCluster()
        except PrivateClusterError as error:
            self.error = error


_of_this_process = PerProcess(Once)


def private_cluster() -> PrivateCluster:
    """Return the cluster of this process, begun when it is first needed. Raises PrivateClusterError."""
    made = _of_this_process.get()
    if made.cluster is None:
        raise made.error or PrivateClusterError("it was not begun.")
    return made.cluster
