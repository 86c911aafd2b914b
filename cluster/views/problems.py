"""What is wrong, the worst first, with the page or the verb that helps; and what if the primary died."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from cluster.actions.operations.verbs import VERBS
from cluster.actions.verification.proof import Proof
from cluster.protocol.names import NodeName
from cluster.views import actions
from cluster.views.preflight import blocked
from cluster.views.seen import Seen, SeenNode

MANY_ENTRIES, MANY_SECONDS = 1_000, 5.0
"""A lag above these is worth a word."""
SHOWN = 3
"""Differences that are named among the problems."""


@dataclass(frozen=True)
class Problem:
    """A sentence, how bad it is (0 is worst), and the verb, the node or the page (its name) that helps."""

    badness: int
    sentence: str
    verb: str = ""
    node: str = ""
    page: str = ""
    advice: str = ""
    """What to do about it where no action of these pages helps."""

    @property
    def action(self) -> str:
        """What the link beside it says; empty without one."""
        if self.verb:
            return VERBS[self.verb].title
        if self.page:
            return "Decide"
        return f"Open {NodeName(self.node).label}" if self.node else ""

    def blocked(self, seen: Seen) -> str:
        """Return why its action is not possible now; empty when it is."""
        return blocked(VERBS[self.verb], seen, NodeName(self.node) if self.node else None)

    @property
    def address(self) -> str:
        """Where the link goes."""
        if self.verb:
            return actions.address_of(VERBS[self.verb], NodeName(self.node) if self.node else None)
        if self.page:
            return reverse(self.page)
        return reverse("admin:node", args=[NodeName(self.node)]) if self.node else ""


def counted(number: int, thing: str) -> str:
    """Count things in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def problems(seen: Seen) -> list[Problem]:
    """Return all of them, the worst first."""
    return sorted(found(seen), key=lambda one: one.badness)


def found(seen: Seen) -> Iterator[Problem]:
    """Yield each problem."""
    if seen.stale:
        ago = "yet" if seen.age is None else f"for {seen.age:.0f} s"
        yield Problem(
            0, f"No probe {ago}.", advice="Start manage.py monitor, or a worker for the queue health"
        )
        return
    if seen.primary is None:
        yield Problem(1, seen.sentence, *(seen.facts.get("remedy") or ()))
    for node in seen:
        yield from of_node(seen, node)
    if seen.primary is not None and seen.facts.get("blockers"):
        yield Problem(4, "No node can take over: see failover readiness.")
    if seen.orphans:
        yield Problem(
            4, f"{counted(seen.orphans, 'orphaned transaction')} to decide on.", page="admin:orphans"
        )
    if seen.facts.get("paused_by"):
        yield Problem(
            4, f"Automation is paused by {seen.facts['paused_by']}: no automatic failover.", "resume"
        )
    if not seen.facts.get("durable", True):
        yield Problem(6, "CLUSTER_DURABILITY is local: what only the primary has is lost with it.")


def of_node(seen: Seen, node: SeenNode) -> Iterator[Problem]:
    """Yield what is wrong with a node."""
    if not node.reachable:
        advice = f"Start {node.label}, or restore its network"
        yield Problem(2, f"{node.label} does not answer: {node.error}.", node=node.name, advice=advice)
        return
    if node.name is NodeName.MAIN and seen.primary and seen.primary.name is not node.name:
        ready = not seen.refusal(VERBS["demote"], node.name)
        verb = "demote" if ready else "recover"
        said = "has recovered: fail back when it suits" if ready else "is back and has to be recovered"
        yield Problem(3, f"{node.label} {said}.", verb, node.name)
    elif (node.lag_entries or 0) > MANY_ENTRIES and (node.lag_seconds or 0) > MANY_SECONDS:
        yield Problem(3, f"{node.label} is {node.lag} behind.", "recover", node.name)
    if node.unfit:
        yield Problem(2, node.unfit, node=node.name)
    if node.orphans_unfiled:
        yield Problem(
            5, f"{node.label} keeps {node.orphans_unfiled} orphaned entries that are not filed yet."
        )


def differing(proof: Proof) -> list[Problem]:
    """Return what the comparison in the background has found."""
    return [Problem(3, sentence, "repair") for sentence in proof.found[:SHOWN]] if proof.differences else []


def risk(seen: Seen) -> str:
    """Return whether data is at risk, in a few words."""
    if seen.stale:
        return "unknown"
    parts = []
    if not seen.facts.get("durable", True):
        parts.append("acknowledged writes that only the primary has")
    elif seen.primary is not None and not any(
        node.reachable for node in seen if node.name != seen.primary.name
    ):
        parts.append("new writes: no second node confirms them")
    if seen.orphans:
        parts.append(counted(seen.orphans, "orphaned transaction"))
    return " and ".join(parts) or "none"


@dataclass(frozen=True)
class Forecast:
    """If the primary failed now: who would take over (empty: nobody), what would be at risk, what blocks it."""

    primary: str
    successor: str
    at_risk: str
    blockers: str


def forecast(seen: Seen) -> Forecast | None:
    """Return what the monitor would decide; None while nobody takes writes or nobody knows."""
    if seen.stale or seen.primary is None:
        return None
    found = seen.facts.get("successor")
    safe = seen.facts.get("durable", True)
    risk = "none: a second node has every acknowledged write" if safe else "whatever only the primary has"
    successor = NodeName(found).label if found else ""
    return Forecast(seen.primary.label, successor, risk, seen.facts.get("blockers", ""))
