"""Which node may have come back with an older disk than the one that it acknowledged and promised with.

The replicator goes through rounds with each follower that holds all that the primary holds. Both note the number of
the round on their disks, and what the primary knows of the third node. A server in memory remembers that it took part
in one since it started. So a node that was restarted and knows of fewer rounds than another one remembers of it was
put back; and one whose rounds went on without all who answer has nobody who would have noticed.
"""

from collections.abc import Collection, Iterable, Mapping

from cluster.protocol.names import NodeName
from cluster.protocol.view import NodeState

TOLERATED_ROUNDS = 4
"""Rounds by which nodes that lost the primary at one moment may differ: about two seconds."""


def set_back(states: Iterable[NodeState]) -> dict[NodeName, str]:
    """Return the nodes whose vote proves nothing until they have caught up, and why, in a sentence each.

    They may have forgotten what they acknowledged, promised and consented to. Invariants (a) and (b).
    """
    known = [state for state in states if not state.blank and not state.withdrawn]
    proven = {state.name: reason for state in known if (reason := older_than_remembered(state, known))}
    sound = [state for state in known if state.name not in proven]
    doubted = {state.name: reason for state in sound if (reason := unwitnessed(state, sound))}
    return {state.name: (proven | doubted)[state.name] for state in known if state.name in proven | doubted}


def older_than_remembered(state: NodeState, known: Collection[NodeState]) -> str:
    """Return who remembers more rounds of a restarted node than it knows of, in a sentence; empty when nobody does."""
    own = taken(state, state.name)
    for other in known:
        if other is not state and not is_proved(state) and taken(other, state.name) > own:
            return (
                f"The data of {state.name.label} is older than it was: {other.name.label} remembers it in round "
                f"{taken(other, state.name)}, and it knows of {own} rounds."
            )
    return ""


def unwitnessed(state: NodeState, known: Collection[NodeState]) -> str:
    """Return that a restarted node went on while all others were away, in a sentence; empty when one was there."""
    others = [other for other in known if other is not state]
    own = taken(state, state.name)
    is_last_primary = state.primary is state.name and all(state.led >= other.led for other in others)
    if is_proved(state) or is_last_primary or not others:
        return ""
    if any(taken(other, other.name) + TOLERATED_ROUNDS >= own for other in others):
        return ""
    return (
        f"{state.name.label} was restarted, and who answers was away before: nobody could tell if its data were "
        "an older copy."
    )


def is_proved(state: NodeState) -> bool:
    """Return whether the node has shown since its start that its disk is what it was."""
    return state.in_sync or state.writable


def taken(state: NodeState, name: NodeName) -> int:
    """Return the newest round of `name` that a node knows of."""
    return state.rounds.get(name, 0)


def next_round(*known: Mapping[NodeName, int]) -> int:
    """Return the number of a round that comes after all that are known."""
    return 1 + max((number for rounds in known for number in rounds.values()), default=0)
