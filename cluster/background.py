"""What the background threads of a process have in common: one of each in a process, one warning for each problem."""

import logging
import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """An object of which each process has its own: a forked one has none of the threads of its parent."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}
        self._lock = threading.Lock()

    def get(self) -> T:
        """Return this process's own, made when it is first needed."""
        made = self.existing()
        if made is not None:
            return made
        with self._lock:
            if os.getpid() not in self._made:
                self._made[os.getpid()] = self._make()
            return self._made[os.getpid()]

    def existing(self) -> T | None:
        """Return this process's own, None where it was not needed yet."""
        return self._made.get(os.getpid())

    def pop(self) -> T | None:
        """Return this process's own and forget it, so that `get` makes another."""
        with self._lock:
            return self._made.pop(os.getpid(), None)


class WarnOnce:
    """Logs each problem once, not at each attempt: a control database may be away for hours.

    text: the message, with a %s for the problem.
    """

    def __init__(self, log: logging.Logger, text: str) -> None:
        self._log, self._text = log, text
        self._problem = ""

    def warn(self, problem: object) -> None:
        """Log a problem, unless it is the one that was logged last."""
        if str(problem) != self._problem:
            self._log.warning(self._text, problem)
        self._problem = str(problem)

    def clear(self) -> None:
        """Take the problem for solved: the next one is logged, also the same."""
        self._problem = ""
