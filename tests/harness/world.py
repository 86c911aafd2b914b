"""Three fake nodes, coordinators that work on them at the same time, faults, and a time that stands still.

Each coordinator is a greenlet. It stops before every call to a node, so whoever drives the world chooses which
coordinator makes the next step. The call itself is atomic: asked, done and answered at one moment, unless a
link is cut.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import starmap
from typing import Any

import pytest
from greenlet import GreenletExit, getcurrent, greenlet

from cluster.actions.failover import failover, promote
from cluster.actions.replication import feed
from cluster.actions.steps import observe, orphans, reconcile
from cluster.protocol.errors import ClusterError, NodeUnreachable
from cluster.protocol.names import NodeName
from tests.harness.fake import FakeNode
from tests.harness.fake_disk import OpenWrite
from tests.harness.fake_server import Server
from tests.harness.ledger import Ledger

CALL_SECONDS = 0.001
"""How long a call takes."""

Body = Callable[["Coordinator"], Any]
Clocks = Mapping[NodeName, tuple[float, float]]
"""Offset in seconds and rate of the clocks of the nodes."""


class World:
    """Three servers, the links to them, the coordinators, and the true time.

    A link is (place, node, "ask" or "answer"): a call over a cut "answer" is done and its answer lost. A place
    is a coordinator's name, or a node's.
    """

    def __init__(self, clocks: Clocks | None = None) -> None:
        self.now = 0.0
        self.ledger = Ledger()
        self.servers = {name: self.server(name, *(clocks or {}).get(name, ())) for name in NodeName}
        self.cut: set[tuple[str, NodeName, str]] = set()
        for server in self.servers.values():
            server.peers, server.cut = self.servers, self.cut
        self.coordinators: list[Coordinator] = []

    def server(self, name: NodeName, offset: float = 0.0, rate: float = 1.0) -> Server:
        """Return a new node with its clock."""
        return Server(name, now=lambda: self.now, witness=self.ledger, offset=offset, rate=rate)

    def start(self, name: str, body: Body) -> "Coordinator":
        """Return a coordinator that waits before its first call. Several may have one name: one place."""
        coordinator = Coordinator(self, name, body)
        self.coordinators.append(coordinator)
        coordinator.switch()
        return coordinator

    def run(self, name: str, body: Body) -> Any:
        """Return what a coordinator gives that nobody interrupts. Raises its ClusterError."""
        return self.start(name, body).finish()

    @property
    def working(self) -> list["Coordinator"]:
        """The coordinators that have not ended."""
        self.coordinators = [c for c in self.coordinators if not c.dead]
        return self.coordinators

    def elapse(self, seconds: float) -> None:
        """Let time pass; open transactions whose sessions have ended are undone."""
        self.now += seconds
        self.reap()
        self.check()

    def reap(self) -> None:
        """Every server notices the sessions that are gone."""
        owned = {id(write) for c in self.working for _, write in c.writes}
        for server in self.servers.values():
            for write in [w for w in server.open.values() if id(w) not in owned]:
                server.rollback(write)

    def check(self) -> None:
        """Check the invariants that hold at every moment."""
        self.ledger.check(self.servers.values())

    def close(self) -> None:
        """End every coordinator where it stands."""
        for coordinator in self.working:
            coordinator.kill()

    def mend(self) -> None:
        """All nodes up, all links whole, no session left."""
        self.close()
        self.cut.clear()
        for server in self.servers.values():
            server.restart()
        self.reap()


class Coordinator(greenlet):
    """A process that works on the nodes, with connections of its own.

    next: the call that it makes when it goes on, as (name of the call, node).
    """

    def __init__(self, world: World, name: str, body: Body) -> None:
        super().__init__()
        self.world, self.name, self.body = world, name, body
        self.nodes = {n: FakeNode(s, self.deliver) for n, s in world.servers.items()}
        self.sessions: dict[NodeName, int] = {}
        self.writes: list[tuple[Server, OpenWrite]] = []
        self.next: tuple[str, NodeName | None] = ("", None)
        self.wake = 0.0
        self.result: Any = None
        self.error: ClusterError | None = None

    def __repr__(self) -> str:
        return f"Coordinator({self.name}, next={self.next})"

    def run(self) -> None:
        """Do the greenlet's work."""
        try:
            self.result = self.body(self)
        except ClusterError as error:
            self.error = error
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """End the process: a server that hears of it undoes what was open, the others do later."""
        for server, write in self.writes:
            if server.up and not self.cuts(server):
                server.rollback(write)
        self.writes = []
        for node in self.nodes.values():
            node.close()

    # What the coordinator does

    def deliver(self, server: Server, verb: str, call: Callable[[], Any]) -> Any:
        """Make one call: wait for the turn, ask, do, answer. Raises NodeUnreachable."""
        self.pause(verb, server.name)
        self.world.now += CALL_SECONDS
        self.ask(server)
        try:
            answer = call()
        finally:
            self.world.check()
        if (self.name, server.name, "answer") in self.world.cut:
            del self.sessions[server.name]
            raise NodeUnreachable(server.name, "the answer was lost")
        return answer

    def ask(self, server: Server) -> None:
        """Reach the server. A connection to a process that is gone breaks once before a new one is made.

        Who finds it gone was connected before, as a watcher that runs for long; who is new meets a deaf one.
        """
        if (self.name, server.name, "ask") in self.world.cut:
            self.sessions.pop(server.name, None)
            raise NodeUnreachable(server.name, "the link is cut")
        connected = server.name in self.sessions
        known = self.sessions.pop(server.name, server.incarnation)
        if not server.up:
            raise NodeUnreachable(server.name, "connection refused", gone=True, ended=server.ended)
        if server.deaf and not connected:
            raise NodeUnreachable(server.name, "connection refused", gone=True)
        if known != server.incarnation:
            raise NodeUnreachable(server.name, "the connection broke")
        self.sessions[server.name] = server.incarnation

    def pause(self, verb: str, node: NodeName | None) -> None:
        """Let the others work; `verb` comes next."""
        self.next = (verb, node)
        if self.parent is not None:
            self.parent.switch()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.wake = self.world.now + seconds
        while self.world.now < self.wake:
            self.pause("sleep", None)

    def cuts(self, server: Server) -> bool:
        """Whether a link to the server is cut."""
        return any((self.name, server.name, way) in self.world.cut for way in ("ask", "answer"))

    # What the driver does with it

    def advance(self, calls: int = 1) -> "Coordinator":
        """Let it make up to so many calls; it stops when it sleeps."""
        for _ in range(calls):
            if self.dead or (self.next[0] == "sleep" and self.world.now < self.wake):
                break
            self.switch()
        return self

    def until(self, verb: str, node: NodeName | None = None) -> "Coordinator":
        """Let it work until the next call is this one. Time passes when it sleeps."""
        while not self.dead and (self.next[0] != verb or node not in (None, self.next[1])):
            self.step()
        assert not self.dead, f"{self.name} ended before {verb}: {self.error or self.result}"
        return self

    def step(self) -> None:
        """One call, or the end of a sleep."""
        if self.next[0] == "sleep":
            self.world.elapse(max(self.wake - self.world.now, 0.0))
        self.advance()

    def finish(self) -> Any:
        """Let it work to its end; its result. Raises its ClusterError."""
        while not self.dead:
            self.step()
        if self.error is not None:
            raise self.error
        return self.result

    def kill(self) -> None:
        """End the process where it stands."""
        if not self.dead:
            self.throw(GreenletExit)


def present() -> Coordinator:
    """Return the coordinator whose turn it is."""
    current = getcurrent()
    assert isinstance(current, Coordinator)
    return current


def wait(seconds: float) -> None:
    """Sleep as the present coordinator."""
    present().sleep(seconds)


def clock() -> float:
    """Return the true time, for the present coordinator."""
    return present().world.now


class InTurn:
    """Stands for the thread pool of `observe`: one node after the other, in the caller's greenlet."""

    def __init__(self, *_arguments: object) -> None: ...

    def __enter__(self) -> "InTurn":
        return self

    def __exit__(self, *_error: object) -> None: ...

    @staticmethod
    def map(function: Callable[[Any], Any], items: Any) -> Any:
        """Return the results, one by one."""
        return list(starmap(function, ((item,) for item in items)))


@contextmanager
def virtual_time() -> Iterator[pytest.MonkeyPatch]:
    """Let the verbs sleep in the world's time, observe in turn, and work in windows of three entries.

    What is missing further back than three ids is read again two ids at a time.
    Gives the MonkeyPatch, for a test that takes a rule away.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(promote.promote.__kwdefaults__, "wait", wait)
        patch.setitem(failover.comes_to_lead.__kwdefaults__, "wait", wait)
        patch.setitem(failover.comes_to_lead.__kwdefaults__, "clock", clock)
        patch.setattr(observe, ThreadPoolExecutor.__name__, InTurn)
        patch.setattr(reconcile, "WINDOW", 3)
        patch.setattr(reconcile, "ID_WINDOW", 3)
        patch.setattr(orphans, "FILING", 2)
        patch.setattr(feed, "BATCH", 3)
        patch.setattr(feed, "NEAR", 3)
        patch.setattr(feed, "FAR", 2)
        patch.setattr(feed, "GAP_INTERVAL", 0.0)
        patch.setattr(feed, "VERIFY_INTERVAL", 0.0)
        yield patch
