"""Late commits: which log ids were handed out but are not to be seen yet.

AUTO_INCREMENT hands out ids in order, transactions commit in any order. A reader that remembers only the
highest id skips what commits late. `Gaps` remembers, as ranges, every id below the cursor that it has not
seen, until it is known that nobody can commit it any more. It has no clock: a gap is closed by proof.

The proof: whoever owns an id that was seen missing had begun to write before. So once every transaction
that was writing at a later moment has ended and the ids are still missing, nobody will ever commit them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Range:
    """Log ids from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def ids(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Reread:
    """Which of the missing ids one read goes through again.

    upto: the round over all of them has come so far. ends: it ends here. leaves_out: some are not read now, so a
    transaction may show in part.
    """

    ranges: list[Range]
    upto: int
    ends: bool
    leaves_out: bool


def subtract(ranges: Iterable[Range], seen: Collection[int]) -> list[Range]:
    """Return the parts of `ranges` that are not in `seen`."""
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


def between(ranges: Iterable[Range], first: int, last: int) -> list[Range]:
    """Return the parts of `ranges` from one id to another."""
    cut = (Range(max(item.first, first), min(item.last, last)) for item in ranges)
    return [item for item in cut if item.first <= item.last]


def beginning(ranges: Iterable[Range], most: int) -> list[Range]:
    """Return the first `most` ids of `ranges`."""
    taken: list[Range] = []
    for item in ranges:
        if most <= 0:
            break
        taken.append(Range(item.first, min(item.last, item.first + most - 1)))
        most -= taken[-1].ids
    return taken


def without(ranges: Iterable[Range], others: Sequence[Range]) -> list[Range]:
    """Return the parts of `ranges` that lie in none of `others`, which stand in ascending order and apart."""
    rest: list[Range] = []
    starts = [other.first for other in others]
    for item in ranges:
        start, position = item.first, max(bisect_right(starts, item.first) - 1, 0)
        while position < len(others) and others[position].first <= item.last:
            other = others[position]
            if other.last >= start:
                if start < other.first:
                    rest.append(Range(start, other.first - 1))
                start = other.last + 1
            position += 1
        if start <= item.last:
            rest.append(Range(start, item.last))
    return rest


@dataclass(slots=True)
class Gaps:
    """What a reader of one log has seen, at least up to `cursor`.

    missing: ranges that nobody was asked about yet. waiting: those that were missing when the writers were asked
    for. writers: the transactions that may own these: None until the answer has come, then the
    ones that were open and have not ended since. apart: the ids of transactions that travel by themselves, which
    are seen when they have arrived. arrived: those whose ids lie beyond the cursor still. reread_upto: what is
    missing up to this id has been read again in the round that goes on.
    """

    cursor: int
    missing: list[Range] = field(default_factory=list)
    writers: frozenset[int] | None = None
    waiting: list[Range] = field(default_factory=list)
    apart: dict[str, tuple[Range, ...]] = field(default_factory=dict)
    arrived: dict[str, tuple[Range, ...]] = field(default_factory=dict)
    reread_upto: int = 0

    @property
    def watermark(self) -> int:
        """Every id at or below this is seen or will never exist."""
        apart = [item for ranges in self.apart.values() for item in ranges]
        lowest = min((r.first for r in (*self.missing, *self.waiting, *apart)), default=self.cursor + 1)
        return min(lowest - 1, self.cursor)

    @property
    def ranges(self) -> list[Range]:
        """What has to be read again, in ascending order."""
        return sorted((*self.waiting, *self.missing), key=lambda item: item.first)

    def reread(self, near: int, far: int) -> Reread:
        """Return what a read is to go through again: the missing of the last `near` ids, and the next `far` of a round.

        A read passes over each row that an open transaction has written, so the cost of one does not grow with it.
        """
        ranges = self.ranges
        start = self.cursor - near
        behind = between(ranges, self.reread_upto + 1, start - 1)
        part = beginning(behind, far)
        ends = part == behind
        upto = start - 1 if ends else part[-1].last
        is_first = not between(ranges, 1, self.reread_upto)
        return Reread([*part, *between(ranges, start, self.cursor)], upto, ends, not (ends and is_first))

    @property
    def skipped(self) -> tuple[str, ...]:
        """The transactions that a read is to leave out."""
        return (*self.apart, *self.arrived)

    def set_apart(self, transaction_id: str, ranges: Sequence[Range]) -> None:
        """Take note of a transaction that travels by itself, and of its ids."""
        self.apart[transaction_id] = tuple(ranges)
        self.missing, self.waiting = without(self.missing, ranges), without(self.waiting, ranges)

    def has_arrived(self, transaction_id: str) -> None:
        """Take note that a transaction that was set apart has arrived whole: its ids are seen."""
        self.arrived[transaction_id] = self.apart.pop(transaction_id)
        self._forget_arrived()

    def saw(self, log_ids: Collection[int], cursor: int, *, complete: bool = False) -> None:
        """Take note of a read that showed `log_ids` and read everything up to `cursor`.

        complete: whether it read everything there was. Then it has passed what it was to leave out, too,
        so the end of the log is reached where nobody writes after such a transaction.
        """
        if complete:
            cursor = max([cursor, *(ranges[-1].last for ranges in self.arrived.values())])
        fresh = [Range(self.cursor + 1, cursor)] if cursor > self.cursor else []
        for ranges in (*self.apart.values(), *self.arrived.values()):
            fresh = without(fresh, ranges)
        self.missing = subtract([*self.missing, *fresh], log_ids)
        self.waiting = subtract(self.waiting, log_ids)
        self.cursor = max(self.cursor, cursor)
        self._forget_arrived()

    def _forget_arrived(self) -> None:
        ahead = {name: ranges for name, ranges in self.arrived.items() if ranges[-1].last > self.cursor}
        self.arrived = ahead

    def ask(self) -> None:
        """Take note that the writers are asked for now: the answer tells who may own what is missing already."""
        if not self.waiting:
            self.waiting, self.missing, self.writers = self.missing, [], None

    def answer(self, writing: frozenset[int]) -> None:
        """Take note of the transactions that were writing at a moment after `ask`. Before it comes a read (`saw`).

        Once the writers of a question have ended, the read that follows, or the round of reads, shows what they
        committed; what it does not show is closed by the answer after it.
        """
        if not self.waiting:
            return  # all of it was seen meanwhile; what is missing since is of the next question
        if self.writers is None:
            self.writers = writing
        elif self.writers:
            self.writers &= writing
        else:
            self.waiting, self.writers = [], None
