"""One round of the replication: a primary and a follower that holds all that it holds note that they met."""

from cluster.protocol.node import Node
from cluster.protocol.staleness import next_round


def note_round(source: Node, target: Node, epoch: int) -> None:
    """Note the next round on both; the follower first, so that nobody remembers of it what its disk does not.

    Raises StaleEpoch.
    """
    known = source.state().rounds
    number = next_round(known, target.state().rounds)
    target.note_rounds(epoch, {**known, target.name: number})
    source.note_rounds(epoch, {source.name: number, target.name: number})
