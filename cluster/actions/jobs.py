"""Verbs that are asked for on a page: run beside the request, told step by step, each the action of its command."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from django.db import DatabaseError, InterfaceError, connections

from cluster.actions import journal
from cluster.actions.automation import PAUSED, RESUMED, pause, resume
from cluster.actions.demote import DONE as DEMOTED
from cluster.actions.demote import demote_node_a
from cluster.actions.differences import Differences
from cluster.actions.failover import DONE as PROMOTED
from cluster.actions.failover import promote_node_a
from cluster.actions.force import force
from cluster.actions.observe import observe
from cluster.actions.rebuild import amount as amount_to_copy
from cluster.actions.rebuild import rebuild
from cluster.actions.recover import recover
from cluster.actions.repair import repair
from cluster.actions.switchover import give_writes
from cluster.actions.telling import telling
from cluster.actions.verify import amount as amount_to_compare
from cluster.actions.verify import verify
from cluster.conf import conf
from cluster.models import Job
from cluster.nodes.cluster import connect_all
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName

log = logging.getLogger(__name__)

REPORT_SECONDS = 0.5
SWITCH_SECONDS = 30.0
PULSE_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""A running job that has given no sign of life for so long has lost its process."""

Nodes = Mapping[NodeName, MariaDBNode]


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


Act = Callable[[Nodes, Job, Report], str]


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be asked for. long: runs in a worker, else beside the request. dangerous: wants a fresh sign-in.

    command: what does the same in a shell, with {node} for the node. pause: how long writes pause, in words.
    """

    name: str
    title: str
    permission: str
    command: str
    pause: str
    act: Act
    long: bool = False
    dangerous: bool = False
    nodes: tuple[NodeName, ...] = field(default=())

    def shell(self, node: str = "") -> str:
        """The command for a node."""
        return f"python manage.py {self.command.format(node=node)}".strip()


def promoting(nodes: Nodes, job: Job, report: Report) -> str:
    """Node A in place of a Main that failed."""
    done = promote_node_a(nodes, reason=job.reason, lease_seconds=conf().lease_seconds)
    return PROMOTED if done else "Node A is already in ACTING_MASTER mode."


def forcing(nodes: Nodes, job: Job, report: Report) -> str:
    """Node A without a majority."""
    view = observe(nodes)
    force(nodes, view, NodeName.NODE_A, reason=job.reason, lease_seconds=conf().lease_seconds)
    return PROMOTED


def recovering(nodes: Nodes, job: Job, report: Report) -> str:
    """A node from the primary."""
    name = NodeName(job.node)
    report.expect(observe(nodes).lag_entries(name))
    done = recover(nodes, name, lease_seconds=conf().lease_seconds, say=report.step, progress=report.advance)
    return done.sentence


def demoting(nodes: Nodes, job: Job, report: Report) -> str:
    """The writes back to Main."""
    done = demote_node_a(nodes, reason=job.reason, lease_seconds=conf().lease_seconds, timeout=SWITCH_SECONDS)
    return DEMOTED if done else "Node A is already in VICE mode."


def switching(nodes: Nodes, job: Job, report: Report) -> str:
    """The writes to a node."""
    name = NodeName(job.node)
    done = give_writes(
        nodes, name, reason=job.reason, lease_seconds=conf().lease_seconds, timeout=SWITCH_SECONDS
    )
    return done.sentence


def pausing(nodes: Nodes, job: Job, report: Report) -> str:
    """The watch looks and changes nothing."""
    pause(nodes, job.actor)
    return PAUSED


def resuming(nodes: Nodes, job: Job, report: Report) -> str:
    """The watch acts again."""
    resume(nodes, job.actor)
    return RESUMED


def verifying(nodes: Nodes, job: Job, report: Report) -> str:
    """Compare all nodes."""
    view, found = observe(nodes), Differences()
    report.expect(amount_to_compare(nodes, view))
    done = verify(nodes, view, tell=found.add, progress=report.advance)
    for item in found.first:
        report.step(item.sentence)
    return done.sentence


def repairing(nodes: Nodes, job: Job, report: Report) -> str:
    """Compare, and bring what differs to what the primary holds."""
    view, found = observe(nodes), Differences()
    report.expect(amount_to_compare(nodes, view))
    done = verify(nodes, view, tell=found.add, progress=report.advance)
    report.step(done.sentence)
    return repair(nodes, observe(nodes), found).sentence if found.count else done.sentence


def rebuilding(nodes: Nodes, job: Job, report: Report) -> str:
    """A node anew from the primary."""
    report.expect(amount_to_copy(nodes, observe(nodes)))
    done = rebuild(nodes, NodeName(job.node), lease_seconds=conf().lease_seconds, progress=report.advance)
    return done.sentence


ALL = tuple(NodeName)
BRIEF = "A tenth of a second."
NONE = "None: writes go on."
VERBS: Final = {
    verb.name: verb
    for verb in (
        Verb("promote", "Promote Node A", "promote", "promote_node_a", "It ends: nobody takes writes now.", promoting),
        Verb(
            "force", "Promote Node A without a majority", "force_promote", "promote_node_a --force",
            "It ends, and what only the others have may be lost.", forcing, dangerous=True,
            nodes=(NodeName.NODE_A,),
        ),
        Verb("recover", "Recover a node", "recover", "recover_node {node}", NONE, recovering, long=True, nodes=ALL),
        Verb("demote", "Hand the writes back to Main", "demote", "demote_node_a", BRIEF, demoting),
        Verb(
            "switchover", "Switch over", "switchover", "switchover --to {node}", BRIEF, switching,
            nodes=(NodeName.MAIN, NodeName.NODE_A),
        ),
        Verb("pause", "Pause the automation", "automation", "pause", NONE, pausing),
        Verb("resume", "Resume the automation", "automation", "resume", NONE, resuming),
        Verb("verify", "Compare the nodes", "verify", "verify_consistency", NONE, verifying, long=True),
        Verb(
            "repair", "Repair rows that differ", "repair", "verify_consistency --repair", NONE, repairing,
            long=True, dangerous=True,
        ),
        Verb(
            "rebuild", "Make a node anew", "rebuild", "rebuild_node {node}", NONE, rebuilding, long=True,
            dangerous=True, nodes=ALL,
        ),
    )
}  # fmt: skip


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
