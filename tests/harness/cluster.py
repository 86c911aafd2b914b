"""The cluster as a test sees it: three real servers, a replicator in this process, commands in others."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from subprocess import CompletedProcess

from django.db import connections

from cluster.actions.maintenance.setup import begin
from cluster.actions.replication.replicate import Replicator
from cluster.actions.steps.observe import observe
from cluster.actions.steps.reconcile import reconcile
from cluster.conf import CLUSTER_ALIAS, ClusterConf
from cluster.local import NodeState
from cluster.nodes.cluster import connect_all, endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.testing.settling import POLL, logs, settle
from tests.harness import forking
from tests.harness.servers import ScratchServers, close_quietly


class ReplicatorThread:
    """A Replicator in threads of this process. Every start makes a new one."""

    def __init__(self, conf: ClusterConf) -> None:
        # The configuration as it is now: a thread that ends late must not see another cluster's.
        self.conf = conf
        self.said: list[str] = []
        self._worker: Replicator | None = None
        self._threads: list[threading.Thread] = []

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._worker is not None

    def start(self) -> None:
        """Begin to work; does nothing when it works already."""
        if self._worker is None:
            self._worker = Replicator(
                self.connect, lease_seconds=self.conf.lease_seconds, on_progress=self.said.append
            )
            self._threads = [threading.Thread(target=self._worker.run, name="replicator", daemon=True)]
            self._threads[0].start()

    def connect(self, name: NodeName, timeout: float) -> MariaDBNode:
        """Return a node object of its own for each thread."""
        return MariaDBNode(Connection(endpoint(self.conf, name, self.conf.cluster), timeout=timeout))

    def stop(self, seconds: float = 15.0, *, writers_carry: bool = False) -> None:
        """Stop and wait for its threads. Raises TimeoutError when one does not end.

        Afterwards nobody confirms anything, unless `writers_carry`: then writers carry their transactions to a
        second node themselves, as they do wherever no replicator serves.
        """
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if not writers_carry:  # while it still serves: afterwards writers would be at it at once
            for name in NodeName:
                self.part(name)
        worker.stopping.set()
        deadline = time.monotonic() + seconds
        join(self._threads, deadline)
        join(feeders(), deadline)

    def part(self, name: NodeName) -> None:
        """Let a node believe that it reaches no other, without looking; one that is down will not write anyway."""
        node = self.connect(name, 1.0)
        try:
            node.connection.many(
                "REPLACE INTO peer_status (peer, failed_at, problem, asked_at)"
                " VALUES (%s, UTC_TIMESTAMP(6), 'a test', UTC_TIMESTAMP(6) + INTERVAL 1 DAY)",
                [(peer.value,) for peer in name.others],
            )
        except (NodeUnreachable, NodeFailed):
            pass
        finally:
            node.close()


def join(threads: Iterable[threading.Thread], deadline: float) -> None:
    """Wait until all have ended. Raises TimeoutError at `deadline` (monotonic seconds)."""
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.1))
        if thread.is_alive():
            raise TimeoutError(f"Thread {thread.name} did not end in time.")


def feeders() -> list[threading.Thread]:
    """Return the threads that replicators of this process have begun."""
    return [t for t in threading.enumerate() if t.name.startswith("feed-") or t.name == "lease"]


@dataclass
class Cluster:
    """Three nodes, Main their primary when a test begins, and the replicator at work.

    nodes: for the test's main thread, one connection each; another thread takes its own (`fresh_nodes`).
    """

    servers: ScratchServers
    conf: ClusterConf
    nodes: dict[NodeName, MariaDBNode] = field(init=False)
    replicator: ReplicatorThread = field(init=False)

    def __post_init__(self) -> None:
        self._connections: list[Connection] = []
        self._processes: list[subprocess.Popen[str]] = []
        self.nodes = self.fresh_nodes()
        self._watched = self.fresh_nodes()
        self.replicator = ReplicatorThread(self.conf)

    def begin(self, *, replicator: bool = True) -> None:
        """Make Main the primary, the others its level followers, and start the replicator in this process."""
        begin(self.nodes, self.conf.lease_seconds)
        for name in (NodeName.NODE_A, NodeName.NODE_B):
            reconcile(self.nodes[name], self.nodes[NodeName.MAIN], 1)
            self.nodes[name].close_writes(name.following_mode)
        if replicator:
            self.replicator.start()

    def end(self) -> None:
        """Let go of everything that the test opened."""
        for process in self._processes:
            close_quietly(process)
        for node in self.servers.local.values():
            if node.status().state is NodeState.FROZEN:
                node.resume()
        self.replicator.stop(writers_carry=True)
        for connection in self._connections:
            connection.close()

    # Looking

    def fresh_nodes(self, timeout: float = 5.0) -> dict[NodeName, MariaDBNode]:
        """All nodes with connections of their own, closed at the end of the test."""
        nodes = connect_all(timeout=timeout)
        self._connections += [node.connection for node in nodes.values()]
        return nodes

    def connect(self, name: NodeName | str, account: str = "app", timeout: float = 5.0) -> Connection:
        """Return a connection as `app`, `cluster` or `root`; closed at the end of the test."""
        connection = self.servers.connect(NodeName(name), account, timeout)
        self._connections.append(connection)
        return connection

    def primary(self) -> NodeName | None:
        """Return the node that takes writes now."""
        primary = observe(self._watched).primary
        return primary.name if primary else None

    def wait_for_primary(self, name: NodeName | str, timeout: float = 10.0) -> None:
        """Wait until `name` takes writes. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while (found := self.primary()) != name:
            if time.monotonic() > deadline:
                raise TimeoutError(f"After {timeout} s the primary is {found}, not {name}.")
            time.sleep(POLL)

    def log_prints(self) -> dict[NodeName, tuple[int, int, int]]:
        """Size, ids and newest epoch of the log of each node that answers."""
        return logs(self._watched)

    def settle(self, timeout: float = 10.0) -> NodeName:
        """Wait until all live nodes hold the primary's log; who the primary is. Raises TimeoutError."""
        return settle(self._watched, timeout)

    # Faults

    def kill(self, name: NodeName | str) -> None:
        """SIGKILL, as a power cut. The connections of the test's main thread go with it."""
        self.servers.local[NodeName(name)].kill()
        for nodes in (self.nodes, self._watched):
            nodes[NodeName(name)].close()
        for alias in (CLUSTER_ALIAS, name):
            connections[alias].close()

    def wipe(self, name: NodeName) -> None:
        """Give a node an empty data directory, as after the loss of its disk."""
        self.kill(name)
        shutil.rmtree(self.servers.local[name].data)
        self.servers.local[name].init()
        self.start(name)
        self.nodes[name].close()

    def start(self, name: NodeName | str) -> None:
        """Start a server that is down and wait until it answers."""
        self.servers.local[NodeName(name)].start()

    def freeze(self, name: NodeName | str) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self.servers.local[NodeName(name)].freeze()

    def resume(self, name: NodeName | str) -> None:
        """SIGCONT."""
        self.servers.local[NodeName(name)].resume()

    # Commands

    def manage(self, *args: str, timeout: float = 60.0, input: str | None = None) -> CompletedProcess[str]:
        """Run `manage.py` to its end."""
        return forking.run(args, self.servers.environment(), timeout=timeout, input=input)

    def manage_all(self, *commands: Sequence[str], timeout: float = 60.0) -> list[CompletedProcess[str]]:
        """Run several `manage.py` at the same time to their ends."""
        began = [(self.popen(*args), time.monotonic()) for args in commands]
        ended = []
        for process, since in began:
            said, complaint = process.communicate(timeout=timeout - (time.monotonic() - since))
            ended.append(CompletedProcess(process.args, process.returncode, said, complaint))
        return ended

    def popen(self, *args: str) -> subprocess.Popen[str]:
        """Begin `manage.py`; killed at the end of the test if it still runs."""
        process = forking.begin(
            args,
            self.servers.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process
