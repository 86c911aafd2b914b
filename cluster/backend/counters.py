"""How many transactions this process had acknowledged, refused, or never heard of again.

Counted in memory; a thread adds them to this process's row in the control database now and then, and folds the rows of
processes that have ended into one, so that the sum never falls.
"""

import logging
import os
import socket
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, connections, transaction

log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 5.0
ENDED = timedelta(minutes=10)
"""A process that has counted nothing for so long has its row folded; it makes another if it goes on."""
EARLIER: Final = "earlier"


class Outcome(StrEnum):
    """What became of a transaction that wrote replicated rows."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Counters:
    """The counts of one process."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._counts: Counter[Outcome] = Counter()
        self._lock = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._run, name="counters", daemon=True).start()

    def count(self, outcome: Outcome) -> None:
        """One more. Never waits for the control database."""
        with self._lock:
            self._counts[outcome] += 1

    def _run(self) -> None:
        while not self._over.wait(FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Add what was counted since to the row; where that fails, the next time."""
        with self._lock:
            counted, self._counts = self._counts, Counter()
        if not counted:
            return
        try:
            add(self.process, counted)
        except (DatabaseError, InterfaceError) as error:
            log.debug("Counted later: %s", error)
            with self._lock:
                self._counts.update(counted)
        finally:
            connections["default"].close()


def add(process: str, counted: Counter[Outcome]) -> None:
    """Add to a process's row, and fold those of processes that have ended. Raises DatabaseError."""
    from cluster.models import WriteCounter  # Django loads a backend before any model

    now = datetime.now(UTC)
    with transaction.atomic(using="default"):
        row, _ = WriteCounter.objects.select_for_update().get_or_create(
            process=process, defaults={"seen_at": now}
        )
        fold(row, {outcome.value: counted[outcome] for outcome in Outcome}, now)
        ended = WriteCounter.objects.filter(seen_at__lt=now - ENDED).exclude(process=EARLIER)
        for old in ended.select_for_update():
            earlier, _ = WriteCounter.objects.select_for_update().get_or_create(
                process=EARLIER, defaults={"seen_at": now}
            )
            fold(earlier, {outcome.value: getattr(old, outcome.value) for outcome in Outcome}, now)
            old.delete()


def fold(row: Any, more: dict[str, int], now: datetime) -> None:
    """Add numbers to a row."""
    for name, number in more.items():
        setattr(row, name, getattr(row, name) + number)
    row.seen_at = now
    row.save()


_counters: dict[int, Counters] = {}
_lock = threading.Lock()


def count(outcome: Outcome) -> None:
    """One more in this process; a forked process makes its own counters."""
    made = _counters.get(os.getpid())
    if made is None:
        with _lock:
            made = _counters.setdefault(os.getpid(), Counters())
    made.count(outcome)
