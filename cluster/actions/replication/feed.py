"""The primary's log on its way to one other node."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cluster.actions.steps.large import bring_part
from cluster.actions.steps.orphans import file_orphaned_entries
from cluster.actions.steps.reconcile import reconcile
from cluster.actions.steps.rounds import note_round
from cluster.protocol.entries import last_log_ids
from cluster.protocol.errors import StaleEpoch
from cluster.protocol.gaps import Gaps
from cluster.protocol.names import NodeName
from cluster.protocol.node import LargeTransaction, Node
from cluster.protocol.parts import Part, Position
from cluster.protocol.view import NodeState

BATCH = 2000
"""Entries of one append at most; large ones are fewer."""
ENTRY_SECONDS = 0.0005
"""Seconds that an entry of a large batch may take: ten times what it does take."""
ENTRY_BYTES = 2048
"""Bytes of an entry in pieces that take as long as another entry."""
NEAR, FAR = 5_000, 20_000
"""Log ids behind the cursor that each read goes through again, as short transactions may still fill them; and how many
of those further back it takes besides, in turns: it passes over each row that an open transaction has there."""
GAP_INTERVAL = 0.15
"""Seconds between two questions who is still writing; no more often than the server renews its answer."""
VERIFY_INTERVAL = 1.0


class WhoWrites(Protocol):
    """Tells which transactions are open on the primary. OpenWriters asks beside the feeds."""

    def ask(self) -> int:
        """Want an answer of a moment after this one; its number."""

    def answer(self, number: int) -> frozenset[int] | None:
        """Return that answer or a later one; None until it has come."""


@dataclass
class Feed:
    """The primary's log on its way to one other node.

    Begins with a reconcile where the node has not seen the epoch begin, then goes on entry by entry; a
    transaction that commits late is found again by the gap that it left.
    """

    source: Node
    target: Node
    epoch: int
    writers: WhoWrites
    gaps: Gaps = field(init=False)
    installing: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one feed whose node appends a large transaction: the other goes on confirming what others write."""
    large: deque[LargeTransaction] = field(default_factory=deque)
    measuring: LargeTransaction | None = None
    """One of which not all log ids are known yet: a part of them is read in each turn."""
    position: Position | None = None
    carried: int = 0
    """Bytes of the first of them that travelled in pieces."""
    complete: bool = False
    caught_up: bool = False
    """Whether the target has held, since this began, all that the primary held when this began."""
    question: int | None = None
    asked_at: float = 0.0
    verified_at: float = 0.0

    def join(self, state: NodeState) -> None:
        """Make the target a follower, if it is none yet, and begin at its commit watermark."""
        self.source.note_follower(self.epoch)
        self.target.drop_staged(self.epoch)
        if state.led != self.epoch or state.orphaned or state.mode is not state.name.following_mode:
            state = self.bring_in()
        self.gaps = Gaps(cursor=state.watermark.log_id)

    def bring_in(self) -> NodeState:
        """Let the target catch up and enter the mode of a follower; file what was orphaned on it."""
        reconcile(self.target, self.source, self.epoch)
        file_orphaned_entries(self.target, self.source, self.epoch)
        state = self.target.state()
        if state.mode is not state.name.following_mode:
            self.target.close_writes(state.name.following_mode, self.epoch)
        return state

    def carry(self) -> dict[str, int]:
        """Carry one batch. Return the transactions that the target may not have held before: last log ids by id.

        What stands above the watermark from earlier epochs is not sent: whoever holds PROMOTION(e) has it, by the
        boundary rule, and nobody waits for it any more.
        """
        if self.measuring is not None:
            self.set_apart(self.source.measure(self.measuring))
        again = self.gaps.reread(NEAR, FAR)
        window = self.source.read_entries(
            self.gaps.cursor, again.ranges, BATCH, self.gaps.skipped, leaves_out=again.leaves_out
        )
        self.complete = window.complete and again.ends
        if window.complete:
            self.gaps.reread_upto = 0 if again.ends else again.upto
        if window.large is not None:
            self.set_apart(window.large)
            return {}
        self.refuse_newer(entry.epoch for entry in window.entries)
        fresh = [entry for entry in window.entries if entry.epoch == self.epoch]
        if fresh:
            self.note(min(entry.log_id for entry in fresh), len(fresh))
            self.target.append(self.epoch, fresh, boundary=False)
        self.gaps.saw([entry.log_id for entry in window.entries], window.upto, complete=window.complete)
        return last_log_ids(fresh)

    def refuse_newer(self, epochs: Iterable[int]) -> None:
        """Refuse a newer epoch, of which a follower holds a part alone: the boundary rule. Raises StaleEpoch."""
        if newer := [epoch for epoch in epochs if epoch > self.epoch]:
            raise StaleEpoch(self.source.name, self.epoch, f"it follows the primary of epoch {newer[0]}.")

    def set_apart(self, large: LargeTransaction) -> None:
        """Let a large transaction travel in parts, beside the others, once all of its ids are known."""
        self.refuse_newer([large.epoch])
        self.measuring = None if large.measured else large
        if not large.ranges:
            return  # the log was changed on behalf of a newer epoch
        self.gaps.set_apart(large.transaction_id, large.ranges)
        is_due = large.epoch == self.epoch
        if is_due:
            self.note(large.ranges[0].first, large.entries)
        if large.measured and is_due:
            self.large.append(large)
        elif large.measured:
            self.gaps.has_arrived(large.transaction_id)  # the target has it, as `carry` says

    def carry_part(self) -> dict[str, int]:
        """Carry one part of a large transaction, if there is any; return what `carry` does with the last."""
        if not self.large:
            return {}
        large = self.large[0]
        if self.position is None:
            self.position = self.target.staged(large)
        if (part := bring_part(self.source, self.target, large, self.position)) is not None:
            self.note_part(large, part)
            self.position = part.end
            return {}
        if not self.installing.acquire(blocking=False):
            return {}
        try:
            self.target.install_staged(self.epoch, large, boundary=False)
        finally:
            self.installing.release()
        self.large.popleft()
        self.position, self.carried = None, 0
        self.gaps.has_arrived(large.transaction_id)
        return {large.transaction_id: large.last}

    def note_part(self, large: LargeTransaction, part: Part) -> None:
        """Let them wait for the rest of a large transaction: an entry in pieces counts as many."""
        if part.piece is not None:
            self.carried += len(part.piece.content)
        self.note(large.ranges[0].first, large.entries + (self.carried + part.rest) // ENTRY_BYTES)

    def note(self, first_log_id: int, entries: int) -> None:
        """Let the writers of many entries, and those behind them, wait for as long as these may take."""
        if entries > BATCH // 4:
            seconds = entries * ENTRY_SECONDS
            self.source.note_transfer(self.target.name, first_log_id, entries, seconds)

    @property
    def has_large(self) -> bool:
        """Whether a large transaction is on its way."""
        return bool(self.large) or self.measuring is not None

    @property
    def rests(self) -> bool:
        """Whether all that this knows of is carried: what comes next is an entry after the cursor."""
        return self.complete and not self.gaps.ranges and not self.has_large

    def settle(self, now: float) -> None:
        """Now and then: close gaps that nobody can fill any more, raise the commit watermark."""
        # Only a complete read proves a gap: an incomplete one leaves transactions out that end beyond it.
        if self.gaps.ranges and self.complete:
            self.close_gaps(now)
        self.caught_up = self.caught_up or (self.complete and not self.has_large)
        if now - self.verified_at >= VERIFY_INTERVAL:
            self.target.verify(self.gaps.watermark)
            self.source.verify(self.gaps.watermark)
            if self.caught_up:
                note_round(self.source, self.target, self.epoch)
            if self.source.name is NodeName.MAIN:
                self.target.heard_from_main()
            self.verified_at = now

    def close_gaps(self, now: float) -> None:
        """Ask who is writing, or heed the answer. Nothing waits for it: writers wait for what is carried meanwhile."""
        if self.question is None:
            if now - self.asked_at >= GAP_INTERVAL:
                self.gaps.ask()
                self.question, self.asked_at = self.writers.ask(), now
        elif (writing := self.writers.answer(self.question)) is not None:
            self.gaps.answer(writing)
            self.question = None


def may_join(state: NodeState, epoch: int) -> bool:
    """Let the others join. Main comes back by recover_main alone: an operator or a policy decides when.

    Not those that are new or lost their data: they come back by rebuild_node, which sees to their promises.
    """
    if state.blank or state.withdrawn:
        return False
    return state.name is not NodeName.MAIN or state.led == epoch
