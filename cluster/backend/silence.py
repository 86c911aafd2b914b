"""Deadlines on silence, not on work: the wait for an answer ends when its node has stopped answering anybody.

A statement may take long: it waits for a row that somebody else holds, it touches a million rows, its transaction is
on its way to a second node. As long as the node answers the pollers of this process (view.py), the wait goes on. What
the pollers cannot see, a connection that alone was lost, the system's keepalive ends.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TypeVar

import MySQLdb

from cluster.backend import view
from cluster.backend.driver import DriverConnection
from cluster.protocol.names import NodeName

T = TypeVar("T")

LOST = 2013
CHECK_AFTER = 1.0
"""Seconds of a wait after which its node is checked: does it still answer the pollers?"""
TICK = 0.2
"""Seconds between two checks of the waits of this process, while there are any."""
KEEPALIVE_IDLE = KEEPALIVE_INTERVAL = 1


class SilenceDeadline:
    """The deadline of one connection, as a context manager around each wait for an answer on it.

    seconds: how long a silent node is waited for. Ending a wait breaks the connection, as if the server had closed it.
    """

    def __init__(self, connection: DriverConnection, node: NodeName, seconds: float) -> None:
        self.node, self.seconds = node, seconds
        self.descriptor: int = connection.fileno()
        self.identity = os.fstat(self.descriptor).st_ino
        self.since = self.checked_at = 0.0
        with self.socket() as own:
            if own.family != socket.AF_UNIX:
                keep_alive(own, seconds)

    def socket(self) -> socket.socket:
        """The connection's socket, by a descriptor of its own. Raises OSError when the connection is closed."""
        own = socket.socket(fileno=os.dup(self.descriptor))
        if os.fstat(own.fileno()).st_ino == self.identity:
            return own
        own.close()
        raise OSError("the descriptor belongs to somebody else by now")

    def __enter__(self) -> None:
        """Begin to wait."""
        self.since, self.checked_at = time.monotonic(), 0.0
        watchdog().add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End to wait: the answer came, or none will."""
        watchdog().waits.discard(self)

    def is_lost(self, now: float) -> bool:
        """Whether no answer is to be expected any more (`now`: monotonic seconds)."""
        if now - self.since < min(CHECK_AFTER, self.seconds):
            return False
        shared = view.shared()
        shared.keep_awake()
        self.checked_at = self.checked_at or now
        if now - self.checked_at < shared.stale_after or shared.answers(self.node):
            return False
        # Whoever still waits for a node that was replaced looks its transaction up on the next one.
        return now - self.since >= self.seconds or shared.is_replaced(self.node)

    def end(self) -> None:
        """End the wait."""
        with suppress(OSError), self.socket() as own:  # it has ended by itself
            own.shutdown(socket.SHUT_RDWR)


def within(seconds: float, connect: Callable[[], T]) -> T:
    """Return what `connect` returns; where it takes longer, raise the driver's OperationalError.

    Until it is connected, the driver waits for an answer as long as for that of a statement, and has no socket
    that could be shut down. So it connects in a thread, which ends with the wait of the driver.
    """
    outcome: SimpleQueue[T | Exception] = SimpleQueue()

    def run() -> None:
        try:
            outcome.put(connect())
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that asked
            outcome.put(error)

    threading.Thread(target=run, name="connect", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except Empty:
        raise MySQLdb.OperationalError(
            LOST, f"Lost connection while connecting: no answer within {seconds:g} s"
        ) from None
    if isinstance(found, Exception):
        raise found
    return found


def keep_alive(end: socket.socket, seconds: float) -> None:
    """Let the system end a connection whose other end has not been heard of for `seconds`."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


class Watchdog(threading.Thread):
    """Ends the waits of this process whose nodes are silent. Sleeps while nobody waits."""

    def __init__(self) -> None:
        super().__init__(name="silence", daemon=True)
        self.waits: set[SilenceDeadline] = set()
        self.wanted = threading.Event()

    def add(self, wait: SilenceDeadline) -> None:
        """Check this wait too."""
        self.waits.add(wait)
        if not self.wanted.is_set():
            self.wanted.set()

    def run(self) -> None:
        """Check until the process ends."""
        while self.wanted.wait():
            now = time.monotonic()
            for wait in tuple(self.waits):
                if wait.is_lost(now):
                    wait.end()
            if not self.waits:
                self.wanted.clear()
                if self.waits:  # of somebody who came in between
                    self.wanted.set()
            time.sleep(TICK)


_lock = threading.Lock()
_watchdog: Watchdog | None = None


def watchdog() -> Watchdog:
    """The watchdog of this process, started if need be."""
    if _watchdog is not None and _watchdog.is_alive():
        return _watchdog
    return _begin()


def _begin() -> Watchdog:
    global _watchdog
    with _lock:
        if _watchdog is None or not _watchdog.is_alive():
            _watchdog = Watchdog()
            _watchdog.start()
        return _watchdog


def _forget() -> None:
    global _watchdog, _lock  # a forked process has no threads yet
    _watchdog, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
