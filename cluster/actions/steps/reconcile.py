"""Make one node hold what another, further one holds: orphans out, missing entries in.

The same operation serves recovery, promotion, catch-up and rebuilding. It is idempotent and may be cut off
at any point: what is already there is found by comparing identities above the commit watermark.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cluster.actions.steps.large import bring, measured
from cluster.protocol.entries import Entry, EntryId, begin_earlier, orphans
from cluster.protocol.errors import Refused
from cluster.protocol.gaps import Gaps
from cluster.protocol.node import Node, Window
from cluster.protocol.view import NodeState

WINDOW = 2000
"""Entries of one append: large enough for speed, small enough to wait for (about 0.1 s)."""
ID_WINDOW = 20_000
"""Identities compared at once."""

Progress = Callable[[int], None]
"""Takes how many further entries of the source's log have been dealt with."""


def ignore(_entries: int) -> None:
    """Take progress that nobody follows."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconcile did: orphaned entries, entries and transactions added."""

    orphaned: int = 0
    entries: int = 0
    transactions: int = 0


def reconcile(target: Node, source: Node, epoch: int, progress: Progress = ignore) -> Reconciled:
    """Make `target` hold all that `source` held when this began, under the authority of `epoch`.

    Raises StaleEpoch when somebody promised more, Refused when the target is ahead of the source.
    """
    target.follow(epoch)
    own, other = target.state(), source.state()
    if own.led > other.led:
        raise Refused(
            f"{own.name.label} has seen the beginning of epoch {own.led}, {other.name.label} only that of "
            f"{other.led}: reconcile {other.name.label} from {own.name.label} instead."
        )
    watermark = common_watermark(own, source)
    orphaned = 0
    if own.led < other.led:
        # Rule 5: what the cluster did not keep is orphaned before anything newer arrives.
        orphaned = orphan_lost_entries(target, source, epoch, watermark, other.led)
    added = copy_missing(target, source, epoch, watermark, own.last_log_id, progress)
    target.verify(min(other.watermark.log_id, source.state().watermark.log_id))
    return Reconciled(orphaned, added.entries, added.transactions)


def common_watermark(own: NodeState, source: Node) -> int:
    """Return the log id at and below which both logs are equal for good.

    A verified entry is on a majority, so every later promotion keeps it; but a forced promotion had no
    majority, so the watermark that each PROMOTION since then names counts too.
    """
    named = source.promotion_watermark(own.led)
    return own.watermark.log_id if named is None else min(own.watermark.log_id, named)


def orphan_lost_entries(target: Node, source: Node, epoch: int, watermark: int, led: int) -> int:
    """Move the target's entries that the source, complete below epoch `led`, does not have. Their number.

    All in one step: a transaction goes whole, and a record goes back behind the first of its lost changes.
    """
    lost: list[EntryId] = []
    for own in id_windows(target, watermark):
        kept = source.log_ids(own[0].log_id - 1, own[-1].log_id)
        lost += orphans(own, kept, led)
    source.follow(epoch)  # see copy_missing
    return target.orphan_entries(epoch, lost) if lost else 0


def id_windows(node: Node, watermark: int) -> Iterator[list[EntryId]]:
    """Yield the identities of the node's entries above `watermark`, a window at a time."""
    while ids := node.log_ids(watermark, limit=ID_WINDOW):
        yield ids
        watermark = ids[-1].log_id


def copy_missing(
    target: Node, source: Node, epoch: int, watermark: int, held_to: int, progress: Progress = ignore
) -> Reconciled:
    """Append the source's entries above `watermark` that the target lacks, by log id.

    Log ids grow with the epochs in a log that a promotion has confirmed, so this order keeps the boundary
    rule: PROMOTION(e) comes after every canonical entry of the epochs before (invariant (a)).
    A rival may claim the source meanwhile and change its log on behalf of a newer epoch: what was read then
    is not what `epoch` keeps, and is not stored.
    `held_to`: the target's last log id, above which there is nothing to compare.
    Raises StaleEpoch, also when the source has promised more.
    """
    entries = transactions = 0
    gaps = Gaps(watermark)
    while True:
        window = next_window(source, gaps)
        source.follow(epoch)
        if window.large is not None:
            large = measured(source, window.large)
            added = bring(source, target, large, epoch)
            source.follow(epoch)
            entries += added.entries
            transactions += added.transactions
            held_to = max(held_to, large.last)
            progress(large.entries)
            gaps.set_apart(large.transaction_id, large.ranges)
            gaps.has_arrived(large.transaction_id)
            continue
        missing = lacking(target, window, gaps.cursor) if gaps.cursor < held_to else window.entries
        if missing:
            added = target.append(epoch, missing, boundary=True)
            entries += added.entries
            transactions += added.transactions
            held_to = max(held_to, missing[-1].log_id)
        progress(len(window.entries))
        gaps.saw([entry.log_id for entry in window.entries], window.upto)
        if window.complete:
            return Reconciled(0, entries, transactions)


def next_window(source: Node, gaps: Gaps) -> Window:
    """Return the next part of a log, a transaction that has committed since the last part was read whole."""
    window = source.read_log(gaps.cursor, WINDOW, gaps.skipped)
    if gaps.ranges and begin_earlier(window.entries):
        return source.read_entries(gaps.cursor, gaps.ranges, WINDOW, gaps.skipped)
    return window


def lacking(target: Node, window: Window, watermark: int) -> list[Entry]:
    """Return the entries of a window that the target does not hold."""
    if not window.entries:
        return []
    held = set(target.log_ids(watermark, window.entries[-1].log_id))
    return [entry for entry in window.entries if entry.id not in held]
