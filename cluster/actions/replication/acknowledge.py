"""Telling the writers that wait on the primary which transactions a second node has."""

import threading
from collections.abc import Mapping

from cluster.protocol.node import Node

SWEEP_INTERVAL = 1.0
"""Seconds between two searches for acknowledgements that nobody waits for any more."""


class Acknowledger:
    """Tells waiting writers what arrived, once for each transaction, whichever node confirmed it first.

    All feeds tell through one session of the primary: it alone holds the latch at which the writers sleep.
    """

    KEPT = 10_000
    FORGET_AFTER = 30.0

    def __init__(self, primary: Node) -> None:
        self.primary = primary
        self._lock = threading.Lock()
        self._published: dict[str, int] = {}
        self._swept_at = 0.0
        self._closed = False

    def publish(self, arrived: Mapping[str, int]) -> None:
        """Publish those that were not yet published and wake the writers. Last log ids by transaction id."""
        with self._lock:
            fresh = {
                item: log_id for item, log_id in arrived.items() if log_id > self._published.get(item, 0)
            }
            if not fresh or self._closed:
                return
            self.primary.acknowledge(fresh)
            self._published |= fresh
            while len(self._published) > self.KEPT:
                del self._published[next(iter(self._published))]

    def sweep(self, now: float) -> None:
        """Now and then drop acknowledgements whose writers have long gone."""
        with self._lock:
            if now - self._swept_at >= SWEEP_INTERVAL and not self._closed:
                self.primary.forget_acknowledgements(self.FORGET_AFTER)
                self._swept_at = now

    def close(self, timeout: float = -1) -> None:
        """Let the latch go with the session: writers that still wait read for themselves then.

        timeout: seconds to wait for a feed that tells just now; without end unless given.
        """
        self._closed = True
        if self._lock.acquire(timeout=timeout):
            self.primary.close()
            self._lock.release()
