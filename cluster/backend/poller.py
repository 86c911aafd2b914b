"""A thread that keeps an eye on one node, so that nobody who reads or writes has to ask."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.view import NodeState


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a node said of itself, or why it said nothing. at: monotonic seconds when it was asked."""

    seen: NodeState | NodeUnreachable
    at: float


class NodePoller(threading.Thread):
    """Asks one node how it is, again and again, over a connection of its own."""

    def __init__(
        self,
        node: MariaDBNode,
        on_result: Callable[[ProbeResult], None],
        pause: Callable[[], float | None],
    ) -> None:
        """on_result: takes each result. pause: seconds until the next question; None: until somebody wants to know."""
        super().__init__(name=f"poller-{node.name}", daemon=True)
        self.node, self.on_result, self.pause = node, on_result, pause
        self.wanted = threading.Event()
        self.over = False

    def run(self) -> None:
        """Look until told to end."""
        while not self.over:
            self.wanted.clear()
            at = time.monotonic()
            self.on_result(ProbeResult(self.look(), at))
            self.wanted.wait(self.pause())
        self.node.close()

    def look(self) -> NodeState | NodeUnreachable:
        """The state of the node; asked again where only an idle connection had broken."""
        was_open = self.node.connection.line() is not None
        try:
            return self.ask()
        except NodeUnreachable as error:
            if not was_open:
                return error
        try:
            return self.ask()
        except NodeUnreachable as error:
            return NodeUnreachable(
                self.node.name,
                "its connection broke and no other could be opened",
                gone=error.gone,
                ended=error.ended,
            )

    def ask(self) -> NodeState:
        """One question. Raises NodeUnreachable."""
        try:
            return self.node.state()
        except NodeFailed as error:
            raise NodeUnreachable(self.node.name, str(error)) from error

    def end(self) -> None:
        """Let it end after its question."""
        self.over = True
        self.wanted.set()
