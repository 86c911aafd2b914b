"""What a verb's dialog shows of its conditions, and why a verb is disabled.

Each action has its own conditions, and refuses by them; the monitor asks every one of them in advance
(actions/reports/refusals.py). Only what no action can ask of a view is asked here.
"""

from dataclasses import dataclass

from cluster.actions.operations.verbs import Verb
from cluster.protocol.names import MAJORITY, NodeName
from cluster.views.seen import Seen


@dataclass(frozen=True)
class Tick:
    """One condition: whether it holds, in words. needed: the verb is refused without it."""

    holds: bool
    words: str
    needed: bool = False


def ticks(verb: Verb, seen: Seen, node: NodeName | None) -> list[Tick]:
    """Return the conditions of a verb. The verb itself probes again: these spare a click that would be refused."""
    words = "The view is stale: the checks below may be wrong" if seen.stale else "The view is current"
    refusal = seen.refusal(verb, node)
    refused = [Tick(False, refusal.removesuffix("."), needed=True)] if refusal else []
    return [Tick(not seen.stale, words), *CONDITIONS[verb.name](seen, node), *refused]


def blocked(verb: Verb, seen: Seen, node: NodeName | None) -> str:
    """Return why a verb is disabled; empty when it is not. A stale view disables nothing."""
    if seen.stale:
        return ""
    return next((tick.words for tick in ticks(verb, seen, node) if tick.needed and not tick.holds), "")


def promoting(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that no node takes writes, and a majority agrees."""
    return [no_primary(seen), answers(seen, NodeName.NODE_A), quorum(seen)]


def forcing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that Node A is alone."""
    return [no_primary(seen), answers(seen, NodeName.NODE_A)]


def recovering(seen: Seen, node: NodeName | None) -> list[Tick]:
    """Check that another node takes writes, and this one answers."""
    return [has_primary(seen), *([answers(seen, node)] if node else [])]


def rebuilding(seen: Seen, node: NodeName | None) -> list[Tick]:
    """Check that another node takes writes, and this one answers: to ask it is the first step of a rebuild."""
    return [has_primary(seen), *([answers(seen, node, needed=True)] if node else [])]


def demoting(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that Main answers; what it lacks goes over first."""
    lag = seen.node(NodeName.MAIN).lag_entries
    words = "Main is in sync" if lag == 0 else f"Main is {lag} entries behind, which are sent first"
    return [answers(seen, NodeName.MAIN), *([] if lag is None else [Tick(lag == 0, words)])]


def switching(seen: Seen, node: NodeName | None) -> list[Tick]:
    """Check that the node answers, and a majority agrees."""
    if node and seen.primary is not None and seen.primary.name is node and seen.overtaken:
        return [Tick(True, f"{node.label} begins a new epoch: others follow it no longer"), quorum(seen)]
    return [*([answers(seen, node)] if node else []), quorum(seen)]


def pausing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that automation is on."""
    on = not seen.facts.get("paused_by")
    words = "Automation is on" if on else "Automation is paused already"
    return [Tick(on, words, needed=True), quorum(seen)]


def resuming(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that automation is paused."""
    paused = bool(seen.facts.get("paused_by"))
    words = "Automation is paused" if paused else "Automation is on already"
    return [Tick(paused, words, needed=True), quorum(seen)]


def comparing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Check that a primary is right, and the others are there to be compared."""
    away = [node.label for node in seen if not node.reachable]
    words = f"{' and '.join(away)} will be left out" if away else "All nodes are reachable"
    return [has_primary(seen), Tick(not away, words)]


CONDITIONS = {
    "promote": promoting,
    "force": forcing,
    "recover": recovering,
    "demote": demoting,
    "switchover": switching,
    "pause": pausing,
    "resume": resuming,
    "verify": comparing,
    "repair": comparing,
    "rebuild": rebuilding,
}


def answers(seen: Seen, name: NodeName, *, needed: bool = False) -> Tick:
    """Tell whether a node answers."""
    holds = bool(seen.node(name).reachable)
    return Tick(holds, f"{name.label} is {'reachable' if holds else 'unreachable'}", needed)


def quorum(seen: Seen) -> Tick:
    """Tell whether a majority answers and has a vote, without which no action can have its order kept."""
    count = sum(bool(node.reachable) and not node.set_back for node in seen)
    doubts = " ".join(node.set_back for node in seen if node.set_back)
    holds = count >= MAJORITY
    if holds or not doubts:
        needed = "" if holds else f", {MAJORITY} needed"
        return Tick(holds, f"{count} of {len(NodeName)} nodes reachable{needed}", needed=True)
    return Tick(False, doubts, needed=True)


def has_primary(seen: Seen) -> Tick:
    """Tell whether a node takes writes, where one is wanted."""
    found = seen.primary
    return Tick(found is not None, f"{found.label} takes the writes" if found else "No node takes writes")


def no_primary(seen: Seen) -> Tick:
    """Tell whether no node takes writes, where none should."""
    return Tick(seen.primary is None, has_primary(seen).words)
