"""Probe all nodes again and again, each probe within a deadline that holds for a frozen server too."""

import select
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Generic, TypeVar

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ClusterError, NodeFailed, NodeUnreachable
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

T = TypeVar("T")

Connect = Callable[[NodeName], MariaDBNode]
"""Gives a node object with a connection of its own."""


class BackgroundRequest(Generic[T]):
    """A thread that asks one node one question at a time, over a connection of its own.

    The client library counts whole seconds; here the asker goes away at its deadline and the thread
    keeps waiting. While it does, asking again means waiting for the same answer.
    """

    def __init__(self, node: MariaDBNode, question: Callable[[MariaDBNode], T]) -> None:
        self.node = node
        self._question = question
        self._thread = ThreadPoolExecutor(1, f"probe-{node.name}")
        self._asked: Future[T] | None = None
        self.asked_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether no question is open. While one is, the connection belongs to the thread."""
        return self._asked is None or self._asked.done()

    def ask(self) -> None:
        """Put the question; an answer that came after its asker had gone is too old to count."""
        if self.idle:
            self._asked = self._thread.submit(self._question, self.node)
            self.asked_at = time.monotonic()

    def answer(self, deadline: float) -> T | None:
        """Return the answer, None when there is none at the deadline (monotonic seconds). Raises what it raised."""
        try:
            return self._asked.result(max(deadline - time.monotonic(), 0)) if self._asked else None
        except NotYet:
            return None

    def end(self) -> None:
        """Ask no more, and let the connection go after the last answer."""
        self._thread.submit(self.node.close)
        self._thread.shutdown(wait=False)


class Probe:
    """One node, probed: its state is read, then a heartbeat is committed where `beats`."""

    def __init__(self, node: MariaDBNode, beats: bool) -> None:
        self.read: NodeState | None = None
        self.beats = beats
        self.seconds: float | None = None
        """How long the last complete probe took."""
        self.request = BackgroundRequest(node, self.probe)

    def probe(self, node: MariaDBNode) -> NodeState:
        """Return the state of a node that can commit. Raises NodeUnreachable, NodeFailed."""
        self.read, self.seconds, began = None, None, time.monotonic()
        self.read = state_now(node)
        if self.beats:
            node.beat()
        self.seconds = time.monotonic() - began
        return self.read

    def answer(self, deadline: float, timeout: float) -> NodeState | NodeUnreachable:
        """Return what the view is to hold: a node that commits nothing is as good as silent."""
        try:
            return self.request.answer(deadline) or self.silence(f"no answer within {timeout:g} s")
        except NodeUnreachable as error:
            return error
        except NodeFailed as error:
            return self.silence(str(error))

    def silence(self, reason: str) -> NodeUnreachable:
        """Return why the node cannot be counted on."""
        reason = f"it answers but commits nothing: {reason}" if self.read else reason
        return NodeUnreachable(self.request.node.name, reason)


class Prober:
    """Probes every node, and asks nodes how they see another one.

    timeout: seconds that a node has to answer. beats: whether it must show that it can commit, too.
    """

    def __init__(self, connect: Connect, timeout: float, *, beats: bool = True) -> None:
        self.connect = connect
        self.timeout = timeout
        self._probes = {name: Probe(connect(name), beats) for name in NodeName}
        self._reachability: dict[tuple[NodeName, NodeName], BackgroundRequest[Reachability]] = {}

    def probe(self) -> ClusterView:
        """Probe all nodes at once."""
        for probe in self._probes.values():
            probe.request.ask()
        deadline = time.monotonic() + self.timeout
        return ClusterView(
            {name: probe.answer(deadline, self.timeout) for name, probe in self._probes.items()}
        )

    @property
    def seconds(self) -> dict[NodeName, float | None]:
        """How long each node took in the last round; None for one that did not answer."""
        return {name: probe.seconds for name, probe in self._probes.items()}

    def request_reachability(self, suspect: NodeName) -> None:
        """Let the others probe a node while the probes of this watcher are on their way."""
        for name in suspect.others:
            self._reachability_request(name, suspect).ask()

    def reachability(
        self, observers: Collection[NodeName], suspect: NodeName, ask: bool
    ) -> dict[NodeName, Reachability]:
        """Return how each of `observers` reaches the suspect. Who does not answer does not reach it.

        ask: they were not asked before the probes. Either way an answer has its time, counted from the
        question: a probe that was refused at once leaves little of it.
        """
        if ask:
            self.request_reachability(suspect)
        requests = {name: self._reachability_request(name, suspect) for name in observers}
        return {
            name: answered(request, request.asked_at + self.timeout) for name, request in requests.items()
        }

    def _reachability_request(self, observer: NodeName, suspect: NodeName) -> BackgroundRequest[Reachability]:
        key = (observer, suspect)
        if key not in self._reachability:
            self._reachability[key] = BackgroundRequest(
                self.connect(observer), lambda node: node.probe_peer(suspect)
            )
        return self._reachability[key]

    def wait(self, seconds: float) -> None:
        """Rest until it is time to probe again, or until a server lets go of its connection: it may have died."""
        lines = select.poll()
        for request in (probe.request for probe in self._probes.values()):
            if request.idle and (line := request.node.connection.line()) is not None:
                lines.register(line, select.POLLIN)
        lines.poll(max(seconds, 0) * 1000)

    def close(self) -> None:
        """Let the connections go."""
        for probe in self._probes.values():
            probe.request.end()
        for request in self._reachability.values():
            request.end()


def state_now(node: MariaDBNode) -> NodeState:
    """Return the state of a node; a connection that broke while it was idle proves nothing, a new one does."""
    was_open = node.connection.line() is not None
    try:
        return node.state()
    except NodeUnreachable:
        if not was_open:
            raise
        return node.state()


def answered(request: BackgroundRequest[Reachability], deadline: float) -> Reachability:
    """Return how a node reaches another; what cannot be known counts as silence."""
    try:
        return request.answer(deadline) or Reachability.SILENT
    except ClusterError:
        return Reachability.SILENT
