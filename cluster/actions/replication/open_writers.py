"""Who is writing on the primary: asked beside the feeds, so that no acknowledgement waits for the answer."""

import threading
from collections.abc import Callable

from cluster.protocol.errors import ClusterError
from cluster.protocol.node import Node

FORGIVING = 1.0
"""Seconds until the question is put again after it failed."""


class OpenWriters:
    """One session asks for all feeds which transactions are open.

    The server answers from a list that its readers keep from being renewed, so an answer may take a second, and
    the fewer ask, the sooner it comes.
    """

    def __init__(self, connect: Callable[[], Node], on_progress: Callable[[str], None]) -> None:
        self._connect, self._on_progress = connect, on_progress
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._begun = self._answered = 0
        self._writing: frozenset[int] = frozenset()

    def ask(self) -> int:
        """Want an answer that is given after this moment; the number by which to fetch it."""
        with self._lock:
            self._wanted.set()
            return self._begun + 1

    def answer(self, number: int) -> frozenset[int] | None:
        """Return the transactions that were open at a moment after the question; None before the server's answer."""
        with self._lock:
            return self._writing if self._answered >= number else None

    def run(self, over: threading.Event) -> None:
        """Ask whenever somebody wants to know, until it is over."""
        last, node = "", self._connect()
        while not over.is_set():
            if not self._wanted.wait(FORGIVING):
                continue
            try:
                self._put(node)
            except ClusterError as error:
                if str(error) != last and not over.is_set():
                    self._on_progress(str(error))
                last = str(error)
                self._wanted.set()
                over.wait(FORGIVING)
        node.close()

    def _put(self, node: Node) -> None:
        with self._lock:
            self._wanted.clear()
            self._begun += 1
            number = self._begun
        writing = node.writing_transactions()
        with self._lock:
            self._answered, self._writing = number, writing
