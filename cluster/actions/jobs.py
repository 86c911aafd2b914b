"""Verbs that are asked for on a page, on their way: run beside the request or by a worker, to their end."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError, connections

from cluster.actions import journal
from cluster.actions.report import Report
from cluster.actions.telling import telling
from cluster.actions.verbs import VERBS
from cluster.models import Job
from cluster.nodes.cluster import connect_all
from cluster.protocol.errors import ClusterError

log = logging.getLogger(__name__)

PULSE_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""A running job that has given no sign of life for so long has lost its process."""


def run(job: Job, place: str) -> None:
    """Run a job to its end; what became of it stands in its row."""
    job.state, job.began_at, job.place = Job.State.RUNNING, datetime.now(UTC), place
    report = Report(job)
    report.save("state", "began_at", "place")
    nodes = connect_all()
    try:
        with journal.acting_as(job.actor), telling(report.step), pulse(job):
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


@contextmanager
def pulse(job: Job) -> Iterator[None]:
    """Give a sign of life while the verb is at a long step."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(PULSE_SECONDS):
            try:
                Job.objects.filter(pk=job.pk).update(seen_at=datetime.now(UTC))
            except (DatabaseError, InterfaceError) as error:
                log.debug("%s", error)
            finally:
                connections["default"].close()

    threading.Thread(target=beat, name=f"pulse-{job.pk}", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def start_here(job: Job) -> None:
    """Run it in a thread of this process."""

    def work() -> None:
        try:
            run(job, f"the site at {socket.gethostname()}")
        finally:
            connections["default"].close()

    threading.Thread(target=work, name=f"job-{job.pk}", daemon=True).start()


def check_alive(job: Job) -> None:
    """Say of a job whose process has died that it is over."""
    if job.state == Job.State.RUNNING and job.seen_at:
        silent = (datetime.now(UTC) - job.seen_at).total_seconds()
        if silent > SILENT_SECONDS:
            Report(job).end(
                Job.State.FAILED,
                f"Its process has given no sign of life for {silent:.0f} s. Look at the dashboard, then ask again: "
                "every verb may be repeated.",
            )
