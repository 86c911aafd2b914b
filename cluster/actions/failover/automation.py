"""Pause the watch, and let it act again. Probes and sentences go on."""

import time

from cluster.actions.events import journal
from cluster.actions.steps.observe import Nodes, observe
from cluster.protocol.errors import ClusterError, Refused
from cluster.protocol.names import MAJORITY
from cluster.protocol.policy import Automation
from cluster.protocol.times import format_utc

PAUSED = "Automation is paused. The watch goes on probing and changes nothing; run resume when you are done."
RESUMED = "Automation is on again. The watch fails over by itself."


def pause(nodes: Nodes, by: str) -> Automation:
    """Let the watch change nothing until `resume`. Raises Refused."""
    return order(nodes, paused=True, by=by)


def resume(nodes: Nodes, by: str) -> Automation:
    """Let the watch act again. Raises Refused."""
    return order(nodes, paused=False, by=by)


def order(nodes: Nodes, *, paused: bool, by: str) -> Automation:
    """Have a majority keep the decision: whoever sees a quorum sees it. Raises Refused."""
    with journal.attempt("pause" if paused else "resume") as attempt:
        before = observe(nodes).automation
        wanted = Automation(before.version + 1, paused, by, format_utc(time.time()))
        problems = []
        for node in nodes.values():
            try:
                node.automate(wanted)
            except ClusterError as error:
                problems.append(str(error))
        confirm(nodes, wanted, problems)
        attempt.succeeded(PAUSED if paused else RESUMED, old=state(before), new=state(wanted), epoch=None)
    return wanted


def confirm(nodes: Nodes, wanted: Automation, problems: list[str]) -> None:
    """See that a majority keeps the decision and nobody a later one. Raises Refused."""
    view = observe(nodes)
    keepers = [node for node in view.reachable if node.automation == wanted]
    if view.automation != wanted:
        raise Refused(f"{view.automation.by} decided otherwise at the same moment. Run cluster_status.")
    if len(keepers) < MAJORITY:
        raise Refused(
            f"Only {len(keepers)} of 3 nodes keep the decision and {MAJORITY} must: it may be forgotten. "
            f"{' '.join(problems)} Try again when another node answers."
        )


def state(automation: Automation) -> str:
    """Return the decision in a word."""
    return "paused" if automation.paused else "on"
