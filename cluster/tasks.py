"""Background work: each task calls an action. `mco2site.celery` says when and on which queue."""

import socket
import time
from collections.abc import Callable

from celery import Task, shared_task

from cluster.actions.events import journal
from cluster.actions.failover.check_health import Watch
from cluster.actions.failover.recover import recover
from cluster.actions.maintenance.prune import prune as archive
from cluster.actions.maintenance.rebuild import amount, rebuild
from cluster.actions.operations import jobs
from cluster.actions.replication.catch_up import catch_up as bring_followers_up_to_date
from cluster.actions.reports import observations
from cluster.actions.steps.observe import observe
from cluster.actions.verification import background
from cluster.actions.verification.differences import Differences
from cluster.actions.verification.verify import amount as amount_to_compare
from cluster.actions.verification.verify import note
from cluster.actions.verification.verify import verify as compare_all
from cluster.conf import conf
from cluster.models import Job
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName

REPORT_SECONDS = 0.5
"""Seconds between two reports of progress."""


class ActingTask(Task):
    """A task whose events name it as the actor."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run it."""
        with journal.acting_as(f"celery at {socket.gethostname()}, {self.name.rsplit('.', 1)[-1]}"):
            return super().__call__(*args, **kwargs)

    def progress(self, total: int | None) -> Callable[[int], None]:
        """Count up, and now and then put (done, total) into the state of the task."""
        done, reported_at = 0, 0.0

        def advance(more: int) -> None:
            nonlocal done, reported_at
            done += more
            if time.monotonic() - reported_at >= REPORT_SECONDS:
                self.update_state(state="PROGRESS", meta={"done": done, "total": total})
                reported_at = time.monotonic()

        return advance


@shared_task(base=ActingTask, ignore_result=True)
def check_health() -> str:
    """Make one round of the watch. A tick that comes late has expired, so none pile up."""
    watch = Watch.of_this_process()
    tick = watch.tick()
    observations.keep(tick, watch.prober.seconds)
    return tick.sentence


@shared_task(base=ActingTask, ignore_result=True)
def catch_up() -> list[str]:
    """Recover followers that the replicator has not brought back."""
    return bring_followers_up_to_date(connect_all(), lease_seconds=conf().lease_seconds)


@shared_task(base=ActingTask, bind=True)
def recover_node(self: ActingTask, name: str) -> str:
    """Recover a node from the primary."""
    node, nodes, steps = NodeName(name), connect_all(), list[str]()
    tick = self.progress(observe(nodes).lag_entries(node))
    done = recover(nodes, node, lease_seconds=conf().lease_seconds, on_progress=steps.append, progress=tick)
    return " ".join([*steps, done.sentence])


@shared_task(base=ActingTask, bind=True)
def rebuild_node(self: ActingTask, name: str) -> str:
    """Make a node anew from the primary."""
    nodes = connect_all()
    tick = self.progress(amount(nodes, observe(nodes)))
    return rebuild(nodes, NodeName(name), lease_seconds=conf().lease_seconds, progress=tick).sentence


@shared_task(base=ActingTask)
def prune() -> str:
    """Archive old entries on every node."""
    nodes = connect_all()
    return archive(nodes, observe(nodes), days=conf().keep_days).sentence


@shared_task(base=ActingTask, bind=True)
def verify(self: ActingTask) -> str:
    """Compare all nodes; an alarm when they differ."""
    nodes, differences = connect_all(), Differences()
    view = observe(nodes)
    tick = self.progress(amount_to_compare(nodes, view))
    found = compare_all(nodes, view, on_difference=differences.add, progress=tick)
    note(found)
    background.proved(found)
    return found.sentence


@shared_task(base=ActingTask, ignore_result=True)
def compare() -> bool:
    """Make a step of the comparison in the background, when one is due."""
    nodes = connect_all(timeout=background.ANSWER_SECONDS)
    try:
        return background.step(nodes)
    finally:
        for node in nodes.values():
            node.close()


@shared_task(ignore_result=True)
def run_job(key: int) -> None:
    """Run what somebody asked for on a page. Its row tells how far it is."""
    job = Job.objects.filter(pk=key).first()
    if job is not None:
        jobs.run(job, f"a worker at {socket.gethostname()}")
