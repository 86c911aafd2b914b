"""Late commits: a reader with `Gaps` skips nothing, whatever commits when."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from cluster.protocol.gaps import Gaps, Range, Reread, subtract, without
from tests.harness.profiles import profile

ids = st.integers(1, 40)
ranges = st.lists(st.builds(lambda a, b: Range(min(a, b), max(a, b)), ids, ids), max_size=5)


def members(items: list[Range]) -> set[int]:
    """Return the ids in some ranges."""
    return {log_id for item in items for log_id in range(item.first, item.last + 1)}


@profile().pure
@given(items=ranges, seen=st.sets(ids))
def test_subtract_leaves_what_was_not_seen(items: list[Range], seen: set[int]) -> None:
    rest = subtract(items, seen)
    assert members(rest) == members(items) - seen
    assert all(item.first <= item.last for item in rest)


def ask(gaps: Gaps, writing: set[int]) -> None:
    """Ask a question that is answered at once."""
    gaps.ask()
    gaps.answer(frozenset(writing))


def test_a_reader_starts_without_gaps() -> None:
    gaps = Gaps(cursor=7)
    assert (gaps.watermark, gaps.ranges) == (7, [])


def test_a_missing_id_holds_the_floor_until_it_is_seen() -> None:
    gaps = Gaps(cursor=0)
    gaps.saw([1, 3], 3)
    assert (gaps.watermark, gaps.ranges) == (1, [Range(2, 2)])
    gaps.saw([2], 3)
    assert (gaps.watermark, gaps.ranges) == (3, [])


def test_a_gap_is_closed_after_its_writers_ended_and_one_more_read() -> None:
    gaps = Gaps(cursor=0)
    gaps.saw([1, 3], 3)
    ask(gaps, {10})
    gaps.saw([], 3)
    ask(gaps, {11})  # 10 has ended, the read was before: it may have committed since
    assert gaps.watermark == 1
    gaps.saw([], 3)
    ask(gaps, {11})
    assert gaps.watermark == 3


def test_what_is_found_missing_after_the_question_is_not_in_its_answer() -> None:
    gaps = Gaps(cursor=0)
    gaps.saw([1, 3], 3)
    gaps.ask()
    gaps.saw([5], 5)  # whoever owns 4 may have begun after the answer
    gaps.answer(frozenset())
    gaps.saw([], 5)
    ask(gaps, set())
    assert (gaps.watermark, gaps.ranges) == (3, [Range(4, 4)])


def test_a_writer_that_began_later_holds_nothing_up() -> None:
    gaps = Gaps(cursor=0)
    gaps.saw([1, 3], 3)
    for _ in range(3):
        ask(gaps, {12} if gaps.writers is not None else set())
        gaps.saw([], 3)
    assert gaps.watermark == 3


@dataclass
class Log:
    """A log whose ids are handed out in order and committed in any."""

    given: int = 0
    committed: set[int] = field(default_factory=set)
    open: dict[int, list[int]] = field(default_factory=dict)
    begun: int = 0

    def begin(self) -> None:
        """Let a transaction start to write; it owns no id yet."""
        self.begun += 1
        self.open[self.begun] = []

    def allocate(self, number: int) -> None:
        """One of the open transactions gets the next id."""
        if self.open:
            self.given += 1
            self.open[self.pick(number)].append(self.given)

    def end(self, number: int, *, keep: bool) -> None:
        """One of the open transactions commits or is rolled back."""
        if self.open:
            written = self.open.pop(self.pick(number))
            self.committed |= set(written) if keep else set()

    def pick(self, number: int) -> int:
        """Return an open transaction."""
        return sorted(self.open)[number % len(self.open)]

    def read(self, after: int, again: list[Range]) -> tuple[list[int], int]:
        """Return the ids after `after` and in `again` that are committed, and how far the read looked."""
        shown = [i for i in self.committed if i > after or i in members(again)]
        return shown, max(shown, default=after)


class Reading(RuleBasedStateMachine):
    """A reader and the writers of one log, in any order. Questions follow reads, as the reader asks them."""

    def __init__(self) -> None:
        super().__init__()
        self.log, self.gaps, self.seen = Log(), Gaps(cursor=0), set[int]()
        self.has_read = self.asked = False
        self.on_its_way: frozenset[int] | None = None

    @rule()
    def begin(self) -> None:
        self.log.begin()

    @rule(number=st.integers(0, 9))
    def allocate(self, number: int) -> None:
        self.log.allocate(number)

    @rule(number=st.integers(0, 9), keep=st.booleans())
    def end(self, number: int, keep: bool) -> None:
        self.log.end(number, keep=keep)

    @rule()
    def read(self) -> None:
        shown, upto = self.log.read(self.gaps.cursor, self.gaps.ranges)
        self.seen |= set(shown)
        self.gaps.saw(shown, max(upto, self.gaps.cursor))
        self.has_read = True

    @rule()
    def ask(self) -> None:
        """Want to know who writes; the server may answer later."""
        if not self.asked:
            self.gaps.ask()
            self.asked = True

    @rule()
    def look_up(self) -> None:
        """Let the server find out who writes; the answer is on its way."""
        if self.asked and self.on_its_way is None:
            self.on_its_way = frozenset(self.log.open)

    @rule()
    def answer(self) -> None:
        """Let the answer arrive; between two of them lies a read."""
        if self.has_read and self.on_its_way is not None:
            self.gaps.answer(self.on_its_way)
            self.has_read, self.asked, self.on_its_way = False, False, None

    @invariant()
    def the_floor_passes_nothing_that_may_come(self) -> None:
        open_ids = {log_id for written in self.log.open.values() for log_id in written}
        unseen = (self.log.committed - self.seen) | open_ids
        assert self.gaps.watermark < min(unseen, default=self.gaps.watermark + 1)

    def teardown(self) -> None:
        """Everything ends: after a few rounds all that was committed is seen and no range is left."""
        while self.log.open:
            self.log.end(0, keep=len(self.log.open) % 2 == 0)
        for _ in range(5):
            self.read()
            self.ask()
            self.look_up()
            self.answer()
        self.read()
        assert self.log.committed <= self.seen
        assert self.gaps.ranges == []
        assert self.gaps.watermark == max(self.log.committed, default=0)


def test_nothing_is_skipped_and_no_gap_stays() -> None:
    run_state_machine_as_test(Reading, settings=profile().stateful)


class Hasty(Gaps):
    """A reader that closes a gap without the read after the end of its writers."""

    __slots__ = ()

    def answer(self, writing: frozenset[int]) -> None:
        """One read less than it takes."""
        Gaps.answer(self, writing)
        if self.writers is not None and not self.writers:
            self.waiting = []


class ReadingHastily(Reading):
    """As Reading, with a step of the proof left out."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps = Hasty(cursor=0)


def wander(machine: Reading, seed: int) -> None:
    """Play a history of one machine without Hypothesis."""
    r = random.Random(seed)
    for _ in range(100):
        step = r.choice(["begin", "allocate", "allocate", "end", "read", "ask", "look_up", "answer"])
        if step == "allocate":
            machine.allocate(r.randrange(10))
        elif step == "end":
            machine.end(r.randrange(10), keep=True)
        else:
            getattr(machine, step)()
        machine.the_floor_passes_nothing_that_may_come()


def wander_all(machine: type[Reading]) -> None:
    """Many histories of one kind of machine."""
    for seed in range(100):
        wander(machine(), seed)


def test_every_step_of_the_proof_is_needed() -> None:
    wander_all(Reading)
    with pytest.raises(AssertionError):
        wander_all(ReadingHastily)


ranges_apart = st.lists(st.integers(1, 60), unique=True, max_size=20).map(
    lambda ids: [Range(log_id, log_id) for log_id in sorted(ids)]
)


class TestApart:
    """Transactions that travel by themselves, beside the windows of the others."""

    @profile().pure
    @given(ranges_apart, ranges_apart)
    def test_what_is_without_others_is_the_difference_of_sets(self, ranges, others):
        rest = without(ranges, others)
        found = [log_id for item in rest for log_id in range(item.first, item.last + 1)]
        assert found == sorted({item.first for item in ranges} - {item.first for item in others})

    @pytest.mark.parametrize(
        ("others", "rest"),
        [
            ([], [(3, 9)]),
            ([(1, 2), (10, 12)], [(3, 9)]),
            ([(1, 3)], [(4, 9)]),
            ([(5, 6)], [(3, 4), (7, 9)]),
            ([(3, 3), (5, 5), (9, 20)], [(4, 4), (6, 8)]),
            ([(1, 20)], []),
        ],
    )
    def test_long_ranges_are_split(self, others, rest):
        assert without([Range(3, 9)], [Range(*one) for one in others]) == [Range(*one) for one in rest]

    def test_the_floor_stays_below_it_until_it_has_arrived(self):
        gaps = Gaps(0)
        gaps.saw([1, 2, 6], 6)
        gaps.set_apart("large", [Range(3, 4)])
        assert (gaps.ranges, gaps.watermark, gaps.skipped) == ([Range(5, 5)], 2, ("large",))
        gaps.saw([5], 8)
        assert gaps.watermark == 2
        gaps.saw([7, 8], 8)
        gaps.has_arrived("large")
        assert (gaps.ranges, gaps.watermark, gaps.skipped) == ([], 8, ())

    def test_one_that_ends_beyond_the_cursor_is_left_out_until_the_cursor_has_passed_it(self):
        gaps = Gaps(0)
        gaps.set_apart("large", [Range(2, 3), Range(6, 6)])
        gaps.saw([1], 1)
        gaps.has_arrived("large")
        assert gaps.skipped == ("large",)
        gaps.saw([4], 4)
        assert (gaps.ranges, gaps.watermark, gaps.skipped) == ([], 4, ("large",))
        gaps.saw([5, 7], 7)
        assert (gaps.ranges, gaps.watermark, gaps.skipped) == ([], 7, ())

    def test_a_complete_read_passes_one_that_nothing_follows(self):
        gaps = Gaps(0)
        gaps.set_apart("large", [Range(2, 3), Range(6, 6)])
        gaps.saw([1], 1, complete=True)
        assert (gaps.watermark, gaps.skipped) == (1, ("large",))
        gaps.has_arrived("large")
        gaps.saw([4], 4, complete=True)
        assert (gaps.cursor, gaps.ranges, gaps.watermark, gaps.skipped) == (6, [Range(5, 5)], 4, ())
        gaps.ask()
        gaps.answer(frozenset())
        gaps.saw([], 6, complete=True)
        gaps.answer(frozenset())
        assert gaps.watermark == 6


class TestReread:
    """What is missing far behind is read again in turns, what is near each time."""

    @pytest.fixture
    def gaps(self) -> Gaps:
        gaps = Gaps(0)
        gaps.saw([10, 20], 20)
        return gaps

    def test_all_of_it_where_that_is_little(self, gaps):
        everything = [Range(1, 9), Range(11, 19)]
        assert gaps.reread(100, 5) == Reread(everything, -81, ends=True, leaves_out=False)
        assert gaps.reread(12, 7) == Reread([Range(1, 7), Range(8, 9), everything[1]], 7, True, False)

    def test_a_round_passes_over_every_id(self, gaps):
        rounds = []
        while True:
            again = gaps.reread(5, 6)
            assert again.leaves_out
            rounds.append(again.ranges)
            if again.ends:
                break
            gaps.reread_upto = again.upto
        near = Range(15, 19)
        assert rounds == [
            [Range(1, 6), near],
            [Range(7, 9), Range(11, 13), near],
            [Range(14, 14), near],
        ]

    def test_a_round_takes_what_has_become_far_meanwhile(self, gaps):
        gaps.reread_upto = gaps.reread(5, 6).upto
        gaps.saw([30], 30)
        again = gaps.reread(5, 100)
        assert again.ranges == [Range(7, 9), Range(11, 19), Range(21, 24), Range(25, 29)]
        assert (again.ends, again.leaves_out) == (True, True)

    @given(seen=st.sets(st.integers(1, 60), min_size=1), near=st.integers(1, 20), far=st.integers(1, 20))
    def test_no_read_takes_more_than_it_may(self, seen, near, far):
        gaps = Gaps(0)
        gaps.saw(seen, max(seen))
        passed: set[int] = set()
        for _ in range(61):
            again = gaps.reread(near, far)
            assert sum(item.ids for item in again.ranges) <= near + far
            assert again.ranges == sorted(again.ranges, key=lambda item: item.first)
            passed |= {n for item in again.ranges for n in range(item.first, item.last + 1)}
            gaps.reread_upto = again.upto
            if again.ends:
                break
        assert passed == set(range(1, max(seen))) - seen
