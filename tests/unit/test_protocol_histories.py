"""The protocol in random histories: writes, pushes, crashes, cut links and rival coordinators in any order.

The verbs run unchanged on fake nodes. HYPOTHESIS_PROFILE=thorough plays many more histories.
"""

import inspect
from collections.abc import Iterator

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import Node
from tests.harness import coordinators as bodies
from tests.harness.fake import FakeNode
from tests.harness.histories import (
    CALLS,
    CANDIDATES,
    CROWD,
    PLACES,
    RECORDS,
    WAYS,
    WEIGHTS,
    History,
    first_violation,
    random_history,
)
from tests.harness.profiles import profile
from tests.harness.rules import (
    Rule,
    any_epoch,
    any_follower,
    no_barrier,
    no_orphans,
    no_union,
    promotion_first,
)
from tests.harness.world import Body, virtual_time

names = st.sampled_from(list(NodeName))
places = st.sampled_from(PLACES)
calls = st.sampled_from((0, *CALLS))
numbers = st.integers(0, CROWD - 1)
records = st.lists(
    st.tuples(st.sampled_from(RECORDS), st.booleans()), min_size=1, max_size=3, unique_by=lambda r: r[0]
)
coordinators = st.one_of(
    st.builds(bodies.promoting, st.sampled_from(CANDIDATES), waive=st.booleans()),
    st.builds(bodies.feeding, names, st.integers(0, 4)),
    st.builds(bodies.recovering, names),
    st.builds(bodies.switching, st.sampled_from(CANDIDATES)),
    st.builds(bodies.closing, names, st.sampled_from((None, Mode.RECOVERING))),
    st.sampled_from((bodies.failing_over, bodies.resuming, bodies.renewing)),
)


class Histories(RuleBasedStateMachine):
    """Hypothesis chooses what happens next; the ledger of the world checks every call."""

    @initialize(away=names)
    def begin(self, away: NodeName) -> None:
        self.history, self.away = History(), away

    @rule(place=places, body=coordinators, calls=calls)
    def start(self, place: str, body: Body, calls: int) -> None:
        self.history.start(place, body, calls)

    @rule(
        place=places,
        records=records,
        push_to=st.lists(names, max_size=3, unique=True),
        calls=calls,
    )
    def write(self, place: str, records: list, push_to: list[NodeName], calls: int) -> None:
        self.history.write(place, records, push_to, calls)

    @rule(place=places, back=st.integers(0, 3))
    def retry(self, place: str, back: int) -> None:
        self.history.retry(place, back)

    @rule(name=names, back=st.integers(0, 3))
    def ask(self, name: NodeName, back: int) -> None:
        self.history.ask(name, back)

    @rule(number=numbers, calls=st.sampled_from(CALLS))
    def advance(self, number: int, calls: int) -> None:
        self.history.advance(number, calls)

    @rule(number=numbers, calls=st.sampled_from(CALLS))
    def advance_again(self, number: int, calls: int) -> None:
        """As `advance`: the most frequent step."""
        self.history.advance(number, calls)

    @rule(number=numbers)
    def kill(self, number: int) -> None:
        self.history.kill(number)

    @rule(seconds=st.sampled_from((0.1, 1.0, 3.5)))
    def elapse(self, seconds: float) -> None:
        self.history.elapse(seconds)

    @rule(name=names)
    def crash(self, name: NodeName) -> None:
        self.history.crash(name)

    @rule(name=names)
    def restart(self, name: NodeName) -> None:
        self.history.restart(name)

    @rule(place=places, name=names, way=st.sampled_from(WAYS))
    def cut(self, place: str, name: NodeName, way: str) -> None:
        self.history.cut(place, name, way)

    @rule(place=places)
    def heal(self, place: str) -> None:
        self.history.heal(place)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "history"):
            self.history.world.check()

    def teardown(self) -> None:
        if hasattr(self, "history"):
            self.history.finish(self.away)


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give the verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


def test_histories_that_hypothesis_chooses() -> None:
    run_state_machine_as_test(Histories, settings=profile().stateful)


STORM = {
    "advance": 60, "write": 40, "promote": 15, "resume": 5, "crash primary": 6, "restart": 10, "cut": 4,
    "heal": 4, "rest": 2,
}  # fmt: skip
"""Hardly anything but writes, promotions and faults."""
SIEGE = WEIGHTS | {"crash primary": 5, "kill": 6, "fail over": 10}


@pytest.mark.parametrize("weather", ["mixed", "storm"])
def test_long_random_histories(weather: str) -> None:
    weights: dict[str, float] = WEIGHTS if weather == "mixed" else STORM
    for seed in range(profile().histories):
        random_history(seed, steps=600, weights=weights)


@pytest.mark.parametrize(
    ("broken", "weights"),
    [
        (promotion_first, STORM),
        (no_orphans, STORM),
        (any_follower, STORM),
        (any_epoch, STORM),
        (no_barrier, STORM),
        (no_union, SIEGE),
    ],
)
def test_random_histories_find_a_missing_rule(
    broken: Rule, weights: dict[str, float], patch: pytest.MonkeyPatch
) -> None:
    broken(patch)
    assert first_violation(range(300), 300, weights) is not None


def test_the_fake_has_the_methods_of_the_protocol() -> None:
    for name, method in inspect.getmembers(Node, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(FakeNode, name)) == inspect.signature(method), name
