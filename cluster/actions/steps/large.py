"""A transaction that is too large for one append: brought in parts, appended whole or not at all."""

from cluster.protocol.node import Appended, LargeTransaction, Node
from cluster.protocol.parts import Part, Position

PART = 2_000
"""Entries of one part at most; large ones are fewer."""


def bring_part(source: Node, target: Node, large: LargeTransaction, after: Position) -> Part | None:
    """Stage the part that follows; None when all parts are there."""
    if after.log_id >= large.last or (part := source.read_part(large, after, PART)) is None:
        return None
    target.stage(part)
    return part


def measured(source: Node, large: LargeTransaction) -> LargeTransaction:
    """Return the transaction with all of its log ids."""
    while not large.measured:
        large = source.measure(large)
    return large


def bring(source: Node, target: Node, large: LargeTransaction, epoch: int) -> Appended:
    """Bring all of it under the authority of `epoch`; what is there already is not brought again.

    The caller keeps the order of epochs. May be cut off and repeated. Raises StaleEpoch.
    """
    position = target.staged(large)
    while part := bring_part(source, target, large, position):
        position = part.end
    return target.install_staged(epoch, large, boundary=True)
