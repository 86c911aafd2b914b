"""A thread that probes one node, so that nobody who reads or writes has to."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.view import NodeState


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The state of a node, or why it is unknown. at: monotonic seconds when the probe began."""

    state: NodeState | NodeUnreachable
    at: float


class NodePoller(threading.Thread):
    """Probes one node again and again, over a connection of its own."""

    def __init__(
        self,
        node: MariaDBNode,
        on_result: Callable[[ProbeResult], None],
        pause: Callable[[], float | None],
    ) -> None:
        """on_result: takes each result. pause: seconds until the next probe; None: until one is `wanted`."""
        super().__init__(name=f"poller-{node.name}", daemon=True)
        self.node, self.on_result, self.pause = node, on_result, pause
        self.wanted = threading.Event()
        self.over = False

    def run(self) -> None:
        """Probe until `end` is called."""
        while not self.over:
            self.wanted.clear()
            at = time.monotonic()
            self.on_result(ProbeResult(self.probe(), at))
            self.wanted.wait(self.pause())
        self.node.close()

    def probe(self) -> NodeState | NodeUnreachable:
        """Read the state of the node, once more where only an idle connection had broken."""
        was_open = self.node.connection.line() is not None
        try:
            return self.read_state()
        except NodeUnreachable as error:
            if not was_open:
                return error
        try:
            return self.read_state()
        except NodeUnreachable as error:
            return NodeUnreachable(
                self.node.name,
                "its connection broke and no other could be opened",
                gone=error.gone,
                ended=error.ended,
            )

    def read_state(self) -> NodeState:
        """Read it once. Raises NodeUnreachable."""
        try:
            return self.node.state()
        except NodeFailed as error:
            raise NodeUnreachable(self.node.name, str(error)) from error

    def end(self) -> None:
        """Let the thread end after its probe."""
        self.over = True
        self.wanted.set()
