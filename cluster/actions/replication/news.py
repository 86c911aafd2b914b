"""The end of the primary's log, asked for once for all feeds that rest."""

import threading


class News:
    """The last log id that the watch over the primary has seen; feeds without work wait here for a later one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._last = 0

    def announce(self, last_log_id: int) -> None:
        """Note the end of the log, and wake who waits for it."""
        with self._changed:
            if last_log_id > self._last:
                self._last = last_log_id
                self._changed.notify_all()

    def wait(self, cursor: int, seconds: float) -> bool:
        """Wait until the log goes beyond `cursor`, or so many seconds; whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: self._last > cursor, seconds)
