"""How far a job is, written into its row."""

import logging
import time
from datetime import UTC, datetime

from cluster.models import Job

log = logging.getLogger(__name__)

REPORT_SECONDS = 0.5


class Report:
    """Writes into a job's row how far it is; where that fails the job goes on."""

    def __init__(self, job: Job) -> None:
        self.job, self._began, self._told_at = job, time.monotonic(), 0.0

    def step(self, sentence: str) -> None:
        """A step was taken."""
        self.job.steps = [*self.job.steps, [round(time.monotonic() - self._began, 2), sentence]]
        self.save("steps")

    def expect(self, total: int | None) -> None:
        """How much there is to do."""
        self.job.total = total
        self.save("total")

    def advance(self, more: int) -> None:
        """So much more is done."""
        self.job.done += more
        if time.monotonic() - self._told_at > REPORT_SECONDS:
            self._told_at = time.monotonic()
            self.save("done")

    def save(self, *names: str) -> None:
        """Keep some fields."""
        self.job.seen_at = datetime.now(UTC)
        try:
            self.job.save(update_fields=[*names, "seen_at"])
        except Exception as error:  # noqa: BLE001 - whatever the control database does, the verb goes on
            log.warning("How far %s is could not be written: %s", self.job, error)

    def end(self, state: Job.State, sentence: str) -> None:
        """It is over."""
        self.step(sentence)
        self.job.state, self.job.ended_at = state, datetime.now(UTC)
        self.save("state", "ended_at", "done")
