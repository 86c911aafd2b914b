"""Short histories told by hand: what they have in common."""

import pytest

from cluster.protocol.entries import Record
from cluster.protocol.errors import ClusterError, NotAcknowledged
from cluster.protocol.names import NodeName
from tests.harness.coordinators import Plan, feeding, writing
from tests.harness.histories import History
from tests.harness.world import Body, Coordinator, World

ROW, OTHER_ROW = Record("title", "p"), Record("title", "q")

PAIR = [(Record("title", "q"), '"first"'), (Record("title", "r"), '"second"')]
"""A transaction of two rows."""


def begun(*, boundary_checked: bool = True) -> History:
    """Begin: Main takes writes, Node A and Node B follow.

    boundary_checked: False to see what a broken boundary rule leads to, instead of the break itself.
    """
    history = History()
    history.world.ledger.boundary_checked = boundary_checked
    for name in (NodeName.NODE_A, NodeName.NODE_B):
        history.world.run("c1", feeding(name, 1))
    return history


def write(name: str, *push_to: NodeName, row: Record = ROW, rows: int = 1) -> Body:
    """Return a writer of one row, or of one row several times, who pushes to these nodes."""
    changes = [(row, f'"{name}.{number}"') for number in range(rows)]
    return writing(Plan(name, changes, push_to))


def unacknowledged(world: World, name: str, *, row: Record = ROW, rows: int = 1, place: str = "w1") -> None:
    """Write what no other node gets."""
    with pytest.raises(NotAcknowledged):
        world.run(place, write(name, row=row, rows=rows))


def isolate(world: World, place: str, name: NodeName) -> None:
    """Cut a place from a node."""
    world.cut |= {(place, name, way) for way in ("ask", "answer")}


def attempt(coordinator: Coordinator) -> ClusterError | None:
    """Let a coordinator work to its end; the error with which it gave up."""
    try:
        coordinator.finish()
    except ClusterError as error:
        return error
    return None
