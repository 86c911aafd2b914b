"""A transaction that is too large for one append: brought in parts, appended whole or not at all."""

from cluster.protocol.node import Appended, LargeTransaction, Node

PART = 2_000
"""Entries of one part at most; large ones are fewer."""


def bring_part(source: Node, target: Node, large: LargeTransaction, after: int) -> int | None:
    """Stage the next part after the log id `after`; its last log id, None when all parts are there."""
    if after >= large.last:
        return None
    part = source.read_part(large, after, PART)
    if not part:
        return None
    target.stage(part)
    return part[-1].log_id


def bring(source: Node, target: Node, large: LargeTransaction, epoch: int) -> Appended:
    """Bring all of it under the authority of `epoch`; what is there already is not brought again.

    The caller keeps the order of epochs. May be cut off and repeated. Raises StaleEpoch.
    """
    position: int | None = target.staged(large)
    while position is not None:
        position = bring_part(source, target, large, position)
    return target.install_staged(epoch, large, boundary=True)
