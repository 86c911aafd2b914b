"""How far a job is, written into its row by a thread: the verb never waits for the control database."""

import logging
import threading
import time
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError, connections

from cluster.conf import CONTROL_ALIAS
from cluster.models import Job

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
PULSE_SECONDS = 5.0
"""Seconds between two signs of life while nothing is reported."""
END_SECONDS = 30.0
"""Seconds for which the end is tried to be written."""


class Report:
    """What a verb reports while it goes on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._began = time.monotonic()
        self._changed = threading.Event()
        self._over = threading.Event()
        self._writer = threading.Thread(target=self._run, name=f"report-{job.pk}", daemon=True)
        self._writer.start()

    def step(self, sentence: str) -> None:
        """Record that a step was taken."""
        self.job.steps = [*self.job.steps, [round(time.monotonic() - self._began, 2), sentence]]
        self._changed.set()

    def expect(self, total: int | None) -> None:
        """Record how much there is to do."""
        self.job.total = total
        self._changed.set()

    def advance(self, more: int) -> None:
        """So much more is done."""
        self.job.done += more

    def end(self, state: Job.State, sentence: str) -> None:
        """Record that it is over; wait until that is written, for a while."""
        self.step(sentence)
        self.job.state, self.job.ended_at = state, datetime.now(UTC)
        self._over.set()
        self._changed.set()
        self._writer.join(END_SECONDS)

    def _run(self) -> None:
        while not self._over.is_set():
            self._changed.wait(PULSE_SECONDS if self.job.total is None else WRITE_SECONDS)
            self._changed.clear()
            self.save()
        deadline = time.monotonic() + END_SECONDS
        while not self.save() and time.monotonic() < deadline:
            time.sleep(WRITE_SECONDS)

    def save(self) -> bool:
        """Keep how far it is; whether that succeeded."""
        self.job.seen_at = datetime.now(UTC)
        try:
            self.job.save(update_fields=["steps", "total", "done", "state", "ended_at", "seen_at"])
        except (DatabaseError, InterfaceError) as error:
            log.warning("How far %s is could not be written: %s", self.job, error)
            return False
        finally:
            connections[CONTROL_ALIAS].close()
        return True
