"""Late commits: which log ids were handed out but are not to be seen yet.

AUTO_INCREMENT hands out ids in order, transactions commit in any order. A reader that remembers only the
highest id skips what commits late. `Gaps` remembers, as ranges, every id below the cursor that it has not
seen, until it is known that nobody can commit it any more. It has no clock: a gap is closed by proof.

The proof: whoever owns an id that was seen missing had begun to write before. So once every transaction
that was writing at a later moment has ended and the ids are still missing, nobody will ever commit them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Range:
    """Log ids from `first` to `last`, both included."""

    first: int
    last: int


def subtract(ranges: Iterable[Range], seen: Collection[int]) -> list[Range]:
    """The parts of `ranges` that are not in `seen`."""
    rest: list[Range] = []
    present = sorted(seen)
    for item in ranges:
        start = item.first
        for log_id in present[bisect_left(present, item.first) : bisect_right(present, item.last)]:
            if start < log_id:
                rest.append(Range(start, log_id - 1))
            start = log_id + 1
        if start <= item.last:
            rest.append(Range(start, item.last))
    return rest


@dataclass(slots=True)
class Gaps:
    """What a reader of one log has seen, at least up to `cursor`.

    missing: ranges that nobody was asked about yet. waiting: those that were missing when the writers were asked
    for. writers: the transactions that may own these: None until the answer has come, then the
    ones that were open and have not ended since.
    """

    cursor: int
    missing: list[Range] = field(default_factory=list)
    writers: frozenset[int] | None = None
    waiting: list[Range] = field(default_factory=list)

    @property
    def floor(self) -> int:
        """Every id at or below this is seen or will never exist."""
        lowest = min((r.first for r in (*self.missing, *self.waiting)), default=self.cursor + 1)
        return min(lowest - 1, self.cursor)

    @property
    def ranges(self) -> list[Range]:
        """What has to be looked for again."""
        return [*self.waiting, *self.missing]

    def saw(self, log_ids: Collection[int], cursor: int) -> None:
        """Take note of a read that showed `log_ids` and looked at everything up to `cursor`."""
        fresh = [Range(self.cursor + 1, cursor)] if cursor > self.cursor else []
        self.missing = subtract([*self.missing, *fresh], log_ids)
        self.waiting = subtract(self.waiting, log_ids)
        self.cursor = max(self.cursor, cursor)

    def ask(self) -> None:
        """Take note that the writers are asked for now: the answer tells who may own what is missing already."""
        if not self.waiting:
            self.waiting, self.missing, self.writers = self.missing, [], None

    def answer(self, writing: frozenset[int]) -> None:
        """Take note of the transactions that were writing at a moment after `ask`. Before it comes a read (`saw`).

        Once the writers of a question have ended, the read that follows shows what they committed;
        what it does not show is closed by the answer after it.
        """
        if not self.waiting:
            return  # all of it was seen meanwhile; what is missing since is of the next question
        if self.writers is None:
            self.writers = writing
        elif self.writers:
            self.writers &= writing
        else:
            self.waiting, self.writers = [], None
