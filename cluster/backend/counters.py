"""How many transactions of this process were acknowledged, were refused, or have an unknown outcome.

Counted in memory. A thread adds the counts to this process's row in the control database every few seconds, and
folds the rows of processes that have ended into one, so that the sum never falls.
"""

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError, InterfaceError, connections, transaction

from cluster.background import PerProcess
from cluster.conf import CONTROL_ALIAS

if TYPE_CHECKING:
    from cluster.models import WriteCounter

log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 5.0
ENDED_AFTER: Final = timedelta(minutes=10)
"""A process that has counted nothing for so long has its row folded; it makes another if it goes on."""
ENDED: Final = "earlier"
"""The row of all processes that have ended."""


class Outcome(StrEnum):
    """What became of a transaction that wrote replicated rows; the names of the columns of WriteCounter."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Counters:
    """The counts of one process."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._pending: Counter[Outcome] = Counter()
        """What the row does not have yet."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._run, name="counters", daemon=True).start()

    def count(self, outcome: Outcome) -> None:
        """Count one transaction. Never waits for the control database."""
        with self._lock:
            self._pending[outcome] += 1

    def end(self) -> None:
        """Let the thread end, with everything counted."""
        self._over.set()
        self.flush()

    def _run(self) -> None:
        while not self._over.wait(FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Add the pending counts to the row; where that fails they stay pending."""
        with self._lock:
            taken, self._pending = self._pending, Counter()
        if not taken:
            return
        try:
            add_to_row(self.process, taken)
        except (DatabaseError, InterfaceError) as error:
            log.debug("The counts of writes stay in memory until the next flush: %s", error)
            with self._lock:
                self._pending.update(taken)
        finally:
            connections[CONTROL_ALIAS].close()


def add_to_row(process: str, counts: Mapping[Outcome, int]) -> None:
    """Add counts to a process's row, and fold the rows of processes that have ended. Raises DatabaseError."""
    from cluster.models import WriteCounter  # Django loads a backend before any model

    now = datetime.now(UTC)
    with transaction.atomic(using=CONTROL_ALIAS):
        increase(locked(WriteCounter, process, now), counts, now)
        ended = WriteCounter.objects.filter(seen_at__lt=now - ENDED_AFTER).exclude(process=ENDED)
        for row in ended.select_for_update():
            increase(locked(WriteCounter, ENDED, now), {name: getattr(row, name) for name in Outcome}, now)
            row.delete()


def locked(model: "type[WriteCounter]", process: str, now: datetime) -> "WriteCounter":
    """The row of a process, made if need be, locked until the transaction ends."""
    row, _ = model.objects.select_for_update().get_or_create(process=process, defaults={"seen_at": now})
    return row


def increase(row: "WriteCounter", counts: Mapping[Outcome, int], now: datetime) -> None:
    """Add counts to a row."""
    for outcome, number in counts.items():
        setattr(row, outcome.value, getattr(row, outcome.value) + number)
    row.seen_at = now
    row.save()


of_this_process = PerProcess(Counters)


def count(outcome: Outcome) -> None:
    """Count one transaction of this process."""
    of_this_process.get().count(outcome)
