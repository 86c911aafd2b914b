"""Whoever works on the cluster is killed after each of his calls; the next watcher finishes or rolls back."""

from collections.abc import Callable, Iterator

import pytest

from cluster.protocol.names import NodeName
from tests.harness.coordinators import feeding, promoting, recovering, switching, watching
from tests.harness.histories import History
from tests.harness.stories import attempt, begun, isolate, unacknowledged, write
from tests.harness.world import Body, World, virtual_time

MAIN, NODE_A, NODE_B = NodeName
TICKS = 6
"""Rounds of a watch within which somebody takes writes again."""


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give the verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


def main_died(world: World) -> None:
    """Let Main acknowledge one write, keep another one for itself, and die."""
    world.run("w1", write("t1", NODE_A))
    unacknowledged(world, "t2")
    world.servers[MAIN].crash()


def main_is_back(world: World) -> None:
    """Node A acts; Main has returned with a write that nobody has."""
    main_died(world)
    world.run("c1", promoting(NODE_A, waive=True))
    world.run("w1", write("t3", NODE_B))
    world.servers[MAIN].restart()


def main_has_recovered(world: World) -> None:
    """Node A acts; Main is level."""
    main_is_back(world)
    world.run("c1", recovering(MAIN))


def frozen(world: World) -> None:
    """Nobody reaches Main any more, and its lease may run."""
    world.run("w1", write("t1", NODE_A))
    for place in ("c1", "c2", NODE_A, NODE_B):
        isolate(world, place, MAIN)


STORIES: dict[str, tuple[Callable[[World], None], Body]] = {
    "promote": (main_died, watching),
    "promote, Main is silent": (frozen, watching),
    "recover": (main_is_back, recovering(MAIN)),
    "demote": (main_has_recovered, switching(MAIN)),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_next_watcher_goes_on(story: str) -> None:
    before, work = STORIES[story]
    calls = 0
    while interrupted(before, work, calls):
        calls += 1
    assert calls > 10, "the story has as many steps"


def interrupted(before: Callable[[World], None], work: Body, calls: int) -> bool:
    """Tell the story, kill its worker after so many calls, let others go on. False when it had ended before."""
    history: History = begun()
    world = history.world
    before(world)
    worker = world.start("c1", work)
    for _ in range(calls):
        if worker.dead:
            break
        worker.step()
    done = worker.dead
    worker.kill()
    rule_again(world)
    history.end(NODE_B)
    return not done


def rule_again(world: World) -> None:
    """Another watcher brings a primary about; writers write on it."""
    for _ in range(TICKS):
        attempt(world.start("c2", watching))
        if any(server.writable for server in world.servers.values()):
            break
        world.elapse(1.0)
    writable = [server for server in world.servers.values() if server.writable]
    assert len(writable) == 1, writable
    for name in NodeName:
        if name is not writable[0].name:
            attempt(world.start("c2", feeding(name, 1)))
