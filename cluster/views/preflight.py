"""Whether a verb makes sense now, as far as the watch saw: ticks for its dialog, a reason where it is disabled."""

from dataclasses import dataclass

from cluster.actions.operations.verbs import Verb
from cluster.protocol.names import NodeName
from cluster.protocol.view import NEARLY_CAUGHT_UP
from cluster.views.seen import Seen


@dataclass(frozen=True)
class Tick:
    """One condition: whether it holds, in words. needed: the verb is refused without it."""

    holds: bool
    words: str
    needed: bool = True


def ticks(verb: Verb, seen: Seen, node: NodeName | None) -> list[Tick]:
    """The conditions of a verb. The verb itself looks again: these spare a click that would be refused."""
    fresh = Tick(
        not seen.stale,
        "The view is current" if not seen.stale else "The view is stale: the checks below may be wrong",
        False,
    )
    return [fresh, *CONDITIONS[verb.name](seen, node)]


def blocked(verb: Verb, seen: Seen, node: NodeName | None) -> str:
    """Why a verb is disabled; empty when it is not. An old view disables nothing."""
    if seen.stale:
        return ""
    return next((tick.words for tick in ticks(verb, seen, node) if tick.needed and not tick.holds), "")


def promoting(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Nobody takes writes, and a majority agrees."""
    return [
        Tick(
            seen.primary is None,
            f"{seen.primary.label} takes the writes" if seen.primary else "No node takes writes",
        ),
        answers(seen, NodeName.NODE_A),
        *fit(seen, NodeName.NODE_A),
        quorum(seen),
    ]


def forcing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Node A is alone."""
    return [
        Tick(
            seen.primary is None,
            f"{seen.primary.label} takes the writes" if seen.primary else "No node takes writes",
        ),
        answers(seen, NodeName.NODE_A),
        Tick(
            not quorum(seen).holds,
            "A majority is reachable: no force is needed"
            if quorum(seen).holds
            else "The other nodes are unreachable",
        ),
    ]


def recovering(seen: Seen, node: NodeName | None) -> list[Tick]:
    """Somebody else takes writes, and the node answers."""
    return [has_primary(seen), *taking_over(seen, node)]


def demoting(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Node A acts, and Main is as nearly level as the hand-over wants it."""
    main, acting = seen.node(NodeName.MAIN), seen.primary
    acts = acting is not None and acting.name is NodeName.NODE_A
    lag = main.lag_entries
    caught_up = bool(
        main.reachable and lag is not None and lag <= NEARLY_CAUGHT_UP and main.led == seen.epoch
    )
    words = "Main is in sync" if lag == 0 else f"Main is {lag} entries behind, which are sent first"
    return [
        Tick(acts, "Node A takes the writes" if acts else "Node A is in VICE mode already"),
        answers(seen, NodeName.MAIN),
        *fit(seen, NodeName.MAIN),
        Tick(caught_up, words if caught_up else "Main is behind: recover it first"),
    ]


def switching(seen: Seen, node: NodeName | None) -> list[Tick]:
    """The node does not have the writes yet, and answers. A primary that others have overtaken begins a new epoch."""
    if node and seen.primary is not None and seen.primary.name is node and seen.overtaken:
        return [Tick(True, f"{node.label} begins a new epoch: others follow it no longer"), quorum(seen)]
    return [*taking_over(seen, node), *(fit(seen, node) if node else []), quorum(seen)]


def pausing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """It is on."""
    on = not seen.facts.get("paused_by")
    return [Tick(on, "Automation is on" if on else "Automation is paused already"), quorum(seen)]


def resuming(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """It is paused."""
    paused = bool(seen.facts.get("paused_by"))
    return [Tick(paused, "Automation is paused" if paused else "Automation is on already"), quorum(seen)]


def comparing(seen: Seen, _node: NodeName | None) -> list[Tick]:
    """Somebody is right, and the others are there to be compared."""
    away = [node.label for node in seen if not node.reachable]
    words = f"{' and '.join(away)} will be left out" if away else "All nodes are reachable"
    return [has_primary(seen), Tick(not away, words, needed=False)]


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
    "rebuild": recovering,
}


def answers(seen: Seen, name: NodeName) -> Tick:
    """Whether a node answers."""
    holds = bool(seen.node(name).reachable)
    return Tick(holds, f"{name.label} is {'reachable' if holds else 'unreachable'}")


def fit(seen: Seen, name: NodeName) -> list[Tick]:
    """What keeps a node that answers from becoming the primary; nothing where nothing does."""
    unfit = seen.node(name).unfit
    return [Tick(False, unfit)] if unfit else []


def quorum(seen: Seen) -> Tick:
    """Whether a majority answers and has a vote."""
    count = sum(bool(node.reachable) and not node.set_back for node in seen)
    doubts = " ".join(node.set_back for node in seen if node.set_back)
    if count >= 2 or not doubts:
        return Tick(count >= 2, f"{count} of 3 nodes reachable{'' if count >= 2 else ', 2 needed'}")
    return Tick(False, doubts)


def has_primary(seen: Seen) -> Tick:
    """Whether somebody takes writes."""
    found = seen.primary
    return Tick(found is not None, f"{found.label} takes the writes" if found else "No node takes writes")


def other_than_primary(seen: Seen, name: NodeName) -> list[Tick]:
    """Whether a node is not the one that takes writes."""
    is_it = seen.primary is not None and seen.primary.name is name
    return [
        Tick(not is_it, f"{name.label} takes the writes itself" if is_it else f"{name.label} takes no writes")
    ]


def taking_over(seen: Seen, name: NodeName | None) -> list[Tick]:
    """Whether a node answers and does not have the writes."""
    return [*other_than_primary(seen, name), answers(seen, name)] if name else []
