"""Each rule of the protocol in the shortest history that needs it.

The history holds with the rule. Without it (the test takes it away from the fake node or from the verb) the
same history breaks an invariant: a test of the tests.
"""

from collections.abc import Callable, Iterator

import pytest

from cluster.actions import lease, promote, reconcile
from cluster.protocol.entries import Record
from cluster.protocol.errors import ClusterError, NotAcknowledged
from cluster.protocol.gaps import Gaps
from cluster.protocol.names import NodeName
from tests.harness.coordinators import (
    LEASE,
    Plan,
    feeding,
    promoting,
    recovering,
    renewing,
    writing,
)
from tests.harness.histories import History
from tests.harness.ledger import Violation
from tests.harness.world import Body, Coordinator, World, virtual_time

MAIN, NODE_A, NODE_B = NodeName
ROW, OTHER_ROW = Record("title", "p"), Record("title", "q")

Rule = Callable[[pytest.MonkeyPatch], None]
"""Takes one rule away."""


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """The verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


@pytest.fixture
def history() -> Iterator[History]:
    """Main takes writes, Node A and Node B follow."""
    history = History()
    for name in (NODE_A, NODE_B):
        history.world.run("c1", feeding(name, 1))
    yield history
    history.world.close()


def write(name: str, *push_to: NodeName, row: Record = ROW) -> Body:
    """Write one row and push it."""
    return writing(Plan(name, [(row, f'"{name}"')], push_to))


def unacknowledged(world: World, name: str, row: Record = ROW) -> None:
    """Write one row that no other node gets."""
    with pytest.raises(NotAcknowledged):
        world.run("w1", write(name, row=row))


def isolate(world: World, place: str, name: NodeName) -> None:
    """Cut a place from a node."""
    world.cut |= {(place, name, way) for way in ("ask", "answer")}


def attempt(coordinator: Coordinator) -> None:
    """Let a coordinator work to its end, whatever comes of it."""
    try:
        coordinator.finish()
    except ClusterError as error:
        coordinator.world.ledger.check_kept()
        assert str(error)


def broken(patch: pytest.MonkeyPatch, rule: Rule, story: Callable[[History], None]) -> str:
    """What the story breaks without the rule."""
    rule(patch)
    history = History()
    for name in (NODE_A, NODE_B):
        history.world.run("c1", feeding(name, 1))
    with pytest.raises(Violation) as caught:
        story(history)
    history.world.close()
    return str(caught.value)
