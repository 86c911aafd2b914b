"""Whether the site can save now, for its pages: looked up at most once a second, and no page waits for it.

The look goes on in a thread of its own, since it takes a second when a node is silent; until it has ended, pages
show what was seen before.
"""

import threading
import time
from dataclasses import dataclass

from cluster.nodes.primary import find_primary
from cluster.protocol.names import NodeName

FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Standing:
    """Who takes writes, None when nobody does."""

    primary: NodeName | None

    @property
    def writable(self) -> bool:
        """Whether what is saved now is written at once."""
        return self.primary is not None


class Lookout:
    """Keeps what was seen last."""

    def __init__(self) -> None:
        self._seen: Standing | None = None
        self._at = float("-inf")
        self._looking = threading.Lock()

    def standing(self) -> Standing:
        """What was seen last; the first caller waits for it."""
        if self._seen is None:
            with self._looking:
                self._seen = self._seen or self._look()
        elif time.monotonic() - self._at > FRESH_SECONDS and self._looking.acquire(blocking=False):
            threading.Thread(target=self._renew, name="standing", daemon=True).start()
        return self._seen

    def _renew(self) -> None:
        try:
            self._seen = self._look()
        finally:
            self._looking.release()

    def _look(self) -> Standing:
        self._at = time.monotonic()
        return Standing(find_primary())


_lookout = Lookout()


def standing() -> Standing:
    """Who takes writes, as this process last saw it."""
    return _lookout.standing()
