"""What can be asked for on a page: each verb is the action of its command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cluster.actions.failover.automation import PAUSED, RESUMED, pause, resume
from cluster.actions.failover.demote import demote_node_a
from cluster.actions.failover.failover import promote_node_a
from cluster.actions.failover.force import force, risks
from cluster.actions.failover.recover import recover
from cluster.actions.failover.switchover import give_writes
from cluster.actions.maintenance.rebuild import amount as amount_to_copy
from cluster.actions.maintenance.rebuild import rebuild
from cluster.actions.operations.report import Report
from cluster.actions.steps.observe import observe
from cluster.actions.verification.background import proved
from cluster.actions.verification.differences import Differences
from cluster.actions.verification.repair import repair
from cluster.actions.verification.verify import amount as amount_to_compare
from cluster.actions.verification.verify import note, verify
from cluster.conf import conf
from cluster.models import Job
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.names import NodeName
from cluster.protocol.sentences import ALREADY_ACTING, ALREADY_VICE, DEMOTED, PROMOTED

SWITCH_SECONDS = 30.0
"""Seconds that a switchover may wait for its node nearly to catch up."""

NEXT_VERB = "Next: fail back to Main (demote_node_a)."
"""What a page advises after the recovery of Main."""

Nodes = Mapping[NodeName, MariaDBNode]
Act = Callable[[Nodes, Job, Report], str]


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be asked for. long: runs in a worker, else beside the request. dangerous: wants a fresh sign-in.

    command: what does the same in a shell, with {node} for the node. pause: how long writes pause, in words.
    risks: what may be lost, asked of the nodes when the dialog is shown.
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
    risks: Callable[[Nodes], list[str]] | None = None

    def shell(self, node: str = "") -> str:
        """Return the command for a node."""
        return f"python manage.py {self.command.format(node=node)}".strip()


def promoting(nodes: Nodes, job: Job, report: Report) -> str:
    """Promote Node A in place of a Main that failed."""
    done = promote_node_a(nodes, reason=job.reason, lease_seconds=conf().lease_seconds)
    return PROMOTED if done else ALREADY_ACTING


def forcing(nodes: Nodes, job: Job, report: Report) -> str:
    """Promote Node A without a majority."""
    view = observe(nodes)
    force(nodes, view, NodeName.NODE_A, reason=job.reason, lease_seconds=conf().lease_seconds)
    return PROMOTED


def forced_risks(nodes: Nodes) -> list[str]:
    """Return what a forced promotion of Node A may cost. Raises Refused where it is not needed or cannot help."""
    return risks(observe(nodes), NodeName.NODE_A)


def recovering(nodes: Nodes, job: Job, report: Report) -> str:
    """Recover a node from the primary."""
    name = NodeName(job.node)
    report.expect(observe(nodes).lag_entries(name))
    done = recover(
        nodes, name, lease_seconds=conf().lease_seconds, on_progress=report.step, progress=report.advance
    )
    return f"{done.sentence} {NEXT_VERB}" if name is NodeName.MAIN else done.sentence


def demoting(nodes: Nodes, job: Job, report: Report) -> str:
    """Hand the writes back to Main."""
    done = demote_node_a(nodes, reason=job.reason, lease_seconds=conf().lease_seconds, timeout=SWITCH_SECONDS)
    return DEMOTED if done else ALREADY_VICE


def switching(nodes: Nodes, job: Job, report: Report) -> str:
    """Hand the writes to a node."""
    name = NodeName(job.node)
    done = give_writes(
        nodes, name, reason=job.reason, lease_seconds=conf().lease_seconds, timeout=SWITCH_SECONDS
    )
    return done.sentence


def pausing(nodes: Nodes, job: Job, report: Report) -> str:
    """Let the watch observe and change nothing."""
    pause(nodes, job.actor)
    return PAUSED


def resuming(nodes: Nodes, job: Job, report: Report) -> str:
    """Let the watch act again."""
    resume(nodes, job.actor)
    return RESUMED


def verifying(nodes: Nodes, job: Job, report: Report) -> str:
    """Compare all nodes."""
    view, found = observe(nodes), Differences()
    report.expect(amount_to_compare(nodes, view))
    done = verify(nodes, view, on_difference=found.add, progress=report.advance)
    for item in found.first:
        report.step(item.sentence)
    note(done)
    proved(done)
    return done.sentence


def repairing(nodes: Nodes, job: Job, report: Report) -> str:
    """Compare, and bring what differs to what the primary holds."""
    view, found = observe(nodes), Differences()
    report.expect(amount_to_compare(nodes, view))
    done = verify(nodes, view, on_difference=found.add, progress=report.advance)
    report.step(done.sentence)
    return repair(nodes, observe(nodes), found).sentence if found.count else done.sentence


def rebuilding(nodes: Nodes, job: Job, report: Report) -> str:
    """Make a node anew from the primary."""
    report.expect(amount_to_copy(nodes, observe(nodes)))
    done = rebuild(nodes, NodeName(job.node), lease_seconds=conf().lease_seconds, progress=report.advance)
    return done.sentence


ALL = tuple(NodeName)
BRIEF = "A tenth of a second."
NONE = "None: writes go on."
VERBS: Final = {
    verb.name: verb
    for verb in (
        Verb("promote", "Fail over to Node A", "promote", "promote_node_a", "Ends the present outage.", promoting),
        Verb(
            "force", "Force promotion (no quorum)", "force_promote", "promote_node_a --force",
            "Ends. Writes that only the other nodes have may be lost.", forcing, dangerous=True,
            nodes=(NodeName.NODE_A,), risks=forced_risks,
        ),
        Verb("recover", "Recover node", "recover", "recover_node {node}", NONE, recovering, long=True, nodes=ALL),
        Verb("demote", "Fail back to Main", "demote", "demote_node_a", BRIEF, demoting),
        Verb(
            "switchover", "Switch over", "switchover", "switchover --to {node}", BRIEF, switching,
            nodes=(NodeName.MAIN, NodeName.NODE_A),
        ),
        Verb("pause", "Pause automation", "automation", "pause", NONE, pausing),
        Verb("resume", "Resume automation", "automation", "resume", NONE, resuming),
        Verb("verify", "Verify consistency", "verify", "verify_consistency", NONE, verifying, long=True),
        Verb(
            "repair", "Repair differences", "repair", "verify_consistency --repair", NONE, repairing,
            long=True, dangerous=True,
        ),
        Verb(
            "rebuild", "Rebuild node", "rebuild", "rebuild_node {node}", NONE, rebuilding, long=True,
            dangerous=True, nodes=ALL,
        ),
    )
}  # fmt: skip
