"""How many transactions of this process were acknowledged, were refused, or have an unknown outcome, and how fast.

Counted in memory. A thread adds the counts to this process's row in the control database every few seconds, and
folds the rows of processes that have ended into one, so that the sum never falls.
"""

import logging
import os
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError, InterfaceError, connections, transaction

from cluster.background import PerProcess
from cluster.conf import CONTROL_ALIAS
from cluster.protocol import latency

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


@dataclass
class Counts:
    """Transactions by what became of them, and the latencies of acknowledged ones by bucket, with their sum."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    latencies: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: "Counts") -> None:
        """Add what was counted elsewhere."""
        self.outcomes.update(other.outcomes)
        self.latencies.update(other.latencies)
        self.seconds += other.seconds


class Counters:
    """The counts of one process."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._pending = Counts()
        """What the row does not have yet."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._run, name="counters", daemon=True).start()

    def count(self, outcome: Outcome, seconds: float | None = None) -> None:
        """Count one transaction, and its latency. Never waits for the control database."""
        with self._lock:
            self._pending.outcomes[outcome] += 1
            if seconds is not None:
                self._pending.latencies[latency.bucket(seconds)] += 1
                self._pending.seconds += seconds

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
            taken, self._pending = self._pending, Counts()
        if not taken.outcomes:
            return
        try:
            add_to_row(self.process, taken)
        except (DatabaseError, InterfaceError) as error:
            log.debug("The counts of writes stay in memory until the next flush: %s", error)
            with self._lock:
                self._pending.add(taken)
        finally:
            connections[CONTROL_ALIAS].close()


def add_to_row(process: str, counts: Counts) -> None:
    """Add counts to a process's row, and fold the rows of processes that have ended. Raises DatabaseError."""
    from cluster.models import WriteCounter  # Django loads a backend before any model

    now = datetime.now(UTC)
    with transaction.atomic(using=CONTROL_ALIAS):
        increase(locked(WriteCounter, process, now), counts, now)
        ended = WriteCounter.objects.filter(seen_at__lt=now - ENDED_AFTER).exclude(process=ENDED)
        for row in ended.select_for_update():
            increase(locked(WriteCounter, ENDED, now), counts_of(row), now)
            row.delete()


def locked(model: "type[WriteCounter]", process: str, now: datetime) -> "WriteCounter":
    """The row of a process, made if need be, locked until the transaction ends."""
    row, _ = model.objects.select_for_update().get_or_create(process=process, defaults={"seen_at": now})
    return row


def counts_of(row: "WriteCounter") -> Counts:
    """Return what a row has counted."""
    outcomes = Counter({outcome: getattr(row, outcome) for outcome in Outcome})
    return Counts(outcomes, Counter(dict(enumerate(row.latencies))), row.latency_seconds)


def increase(row: "WriteCounter", counts: Counts, now: datetime) -> None:
    """Add counts to a row."""
    for outcome, number in counts.outcomes.items():
        setattr(row, outcome.value, getattr(row, outcome.value) + number)
    buckets = range(len(latency.BOUNDS) + 1)
    row.latencies = latency.total([row.latencies, [counts.latencies[number] for number in buckets]])
    row.latency_seconds += counts.seconds
    row.seen_at = now
    row.save()


of_this_process = PerProcess(Counters)


def count(outcome: Outcome, seconds: float | None = None) -> None:
    """Count one transaction of this process; seconds: how long its writer waited for the acknowledgement."""
    of_this_process.get().count(outcome, seconds)
