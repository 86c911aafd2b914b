"""Verbs that are asked for on a page, on their way: run beside the request or by a worker, to their end."""

import logging
import socket
import threading
from datetime import UTC, datetime

from django.db import connections

from cluster.actions.events import journal
from cluster.actions.operations.report import Report
from cluster.actions.operations.verbs import VERBS
from cluster.actions.steps.progress import reporting_steps
from cluster.conf import CONTROL_ALIAS
from cluster.models import Job
from cluster.nodes.cluster import connect_all
from cluster.protocol.errors import ClusterError

log = logging.getLogger(__name__)

WORKER_SECONDS = 3.0
"""Seconds in which a worker takes a job that the broker has."""
SILENT_SECONDS = 30.0
"""A running job that has given no sign of life for so long has lost its process."""


def run(job: Job, place: str) -> None:
    """Run a job to its end, unless somebody else has it; what became of it stands in its row."""
    if not claimed(job, place):
        return
    report = Report(job)
    nodes = connect_all()
    try:
        with journal.acting_as(job.actor), reporting_steps(report.step):
            report.end(Job.State.DONE, VERBS[job.verb].act(nodes, job, report))
    except ClusterError as error:
        report.end(Job.State.FAILED, str(error))
    except Exception as error:
        log.exception("%s was not done", job)
        report.end(
            Job.State.FAILED, f"It failed in a way that nobody expected: {error}. See the log of {place}."
        )
    finally:
        for node in nodes.values():
            node.close()


def claimed(job: Job, place: str) -> bool:
    """Compare-and-set: of any number of runners one finds the job waiting."""
    now = datetime.now(UTC)
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.WAITING)
    won = waiting.update(state=Job.State.RUNNING, began_at=now, seen_at=now, place=place)
    job.refresh_from_db()
    return bool(won)


def start_here_unless_taken(job: Job) -> None:
    """Leave a worker a moment to take it; else run it in this process."""
    threading.Timer(WORKER_SECONDS, start_here, [job]).start()


def start_here(job: Job) -> None:
    """Run it in a thread of this process."""

    def work() -> None:
        try:
            run(job, f"the site at {socket.gethostname()}")
        finally:
            connections[CONTROL_ALIAS].close()

    threading.Thread(target=work, name=f"job-{job.pk}", daemon=True).start()


def check_alive(job: Job) -> None:
    """Say of a job whose process has died that it is over."""
    if job.state == Job.State.RUNNING and job.seen_at:
        silent = (datetime.now(UTC) - job.seen_at).total_seconds()
        if silent > SILENT_SECONDS:
            Report(job).end(
                Job.State.FAILED,
                f"Its process has given no sign of life for {silent:.0f} s. Check the dashboard, then start it again: "
                "every verb may be repeated.",
            )
