"""Histories that went wrong once, each as short as it can be told."""

from collections.abc import Iterator

import pytest

from cluster.protocol.errors import ClusterError, NodeUnreachable, NoMajority, StaleEpoch
from cluster.protocol.names import Mode, NodeName
from tests.harness.coordinators import (
    Plan,
    failing_over,
    feeding,
    promoting,
    recovering,
    renewing,
    watching,
    writing,
)
from tests.harness.histories import History
from tests.harness.stories import PAIR, ROW, attempt, begun, isolate, unacknowledged, write
from tests.harness.world import virtual_time

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give the verbs in virtual time; windows of three entries."""
    with virtual_time() as patch:
        yield patch


@pytest.fixture
def history() -> Iterator[History]:
    """Let Main take writes, the others follow without lag. Invariants are checked at every call."""
    history = begun()
    yield history
    history.end(NODE_B)


def replaced(history: History) -> None:
    """Let Main die, Node A take writes, Main come back and recover."""
    world = history.world
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))
    world.servers[MAIN].restart()
    world.run("c1", recovering(MAIN))


def test_a_lost_transaction_is_orphaned_whole(history: History) -> None:
    unacknowledged(history.world, "t1")
    unacknowledged(history.world, "t2", rows=3)  # ends in the next window
    replaced(history)
    assert history.world.servers[MAIN].tables.get(ROW) is None


def test_a_row_goes_back_behind_the_first_of_its_lost_changes(history: History) -> None:
    for name in ("t1", "t2", "t3", "t4"):  # one change each, more than a window holds
        unacknowledged(history.world, name)
    replaced(history)
    assert history.world.servers[MAIN].tables.get(ROW) is None


def test_what_a_rival_changed_meanwhile_is_not_gathered(history: History) -> None:
    world = history.world
    isolate(world, "c1", NODE_B)
    isolate(world, "c2", NODE_A)
    loser = world.start("c1", promoting(NODE_A)).until("read_log", MAIN)
    world.run("c2", promoting(MAIN))
    assert isinstance(attempt(loser), StaleEpoch)
    assert world.servers[NODE_A].led == 1
    world.run("w1", write("t1", NODE_B))


def test_a_catch_up_shows_whole_transactions_while_writes_go_on(history: History) -> None:
    world = history.world
    writer = world.start("w1", writing(Plan("t1", PAIR, [NODE_B]))).until("change", MAIN).advance(1)
    unacknowledged(world, "t2", rows=3)
    feed = world.start("c1", feeding(NODE_A, 2)).until("append", NODE_A)
    writer.finish()
    feed.finish()
    assert len(world.servers[NODE_A].holds("t1")) == 2


def test_a_gap_is_not_closed_while_its_transaction_ends_beyond_the_batch(history: History) -> None:
    world = history.world
    feed = world.start("c1", feeding(NODE_A, 9)).until("read_entries", MAIN)
    writer = world.start("w1", writing(Plan("t1", PAIR, [NODE_B]))).until("change", MAIN).advance(1)
    unacknowledged(world, "t2")
    feed.advance(1).until("read_entries", MAIN)  # the gap is known and its writer
    for number in range(3, 12):
        unacknowledged(world, f"t{number}")
    writer.finish()
    feed.finish()
    assert len(world.servers[NODE_A].holds("t1")) == 2


def test_a_feed_ends_when_its_source_follows_somebody_else(history: History) -> None:
    world = history.world
    isolate(world, "c2", NODE_B)
    feed = world.start("c1", feeding(NODE_B, 2)).until("read_entries", MAIN)
    world.run("c2", promoting(NODE_A))
    assert isinstance(attempt(feed), StaleEpoch)
    assert world.servers[NODE_B].led == 1


def test_a_promotion_that_saw_nobody_at_first_says_why_it_failed(history: History) -> None:
    world = history.world
    for name in NodeName:
        isolate(world, "c1", name)
    coordinator = world.start("c1", promoting(NODE_A)).advance(3)
    history.heal("c1")
    assert isinstance(attempt(coordinator), NoMajority | NodeUnreachable)


def test_a_late_promoter_leaves_a_newer_primary_alone(history: History) -> None:
    world = history.world
    late = world.start("c1", promoting(NODE_A)).until("open_writes").advance(1)
    world.run("c2", promoting(MAIN))
    late.finish()
    assert world.servers[MAIN].writable
    assert world.servers[MAIN].mode is Mode.PRIMARY


def test_a_follower_that_has_joined_already_stays_one(history: History) -> None:
    world = history.world
    late = world.start("c1", promoting(NODE_A)).until("open_writes").advance(1)
    world.run("c2", feeding(NODE_B, 1))
    late.finish()
    assert world.servers[NODE_B].mode is Mode.REPLICA


def test_a_late_recovery_leaves_a_newer_primary_alone(history: History) -> None:
    world = history.world
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))
    world.servers[MAIN].restart()
    late = world.start("c1", recovering(MAIN)).until("close_writes", MAIN)
    world.run("c2", promoting(MAIN))
    assert isinstance(attempt(late), StaleEpoch)
    assert world.servers[MAIN].writable
    assert world.servers[MAIN].mode is Mode.PRIMARY


def test_a_lost_answer_is_no_lost_write(history: History) -> None:
    world = history.world
    writer = world.start("w1", write("t1", NODE_A, NODE_B)).until("append", NODE_A)
    history.cut("w1", NODE_A, "answer")
    history.cut("w1", NODE_B, "ask")
    assert isinstance(attempt(writer), ClusterError)
    assert world.servers[NODE_A].holds("t1")


def test_a_primary_that_lost_a_follower_to_a_failed_promotion_wins_it_back(history: History) -> None:
    """Invariant (e): who claimed Node B has no majority and dies; the watch lets Main begin a new epoch."""
    world = history.world
    isolate(world, "c1", MAIN)
    rival = world.start("c1", promoting(NODE_A)).until("sleep")  # for the consent of Node A to run out
    world.elapse(1.0)
    world.run("c2", renewing)
    assert isinstance(attempt(rival), NoMajority)
    assert world.servers[MAIN].writable
    assert world.servers[NODE_B].promised > world.servers[MAIN].promised
    world.run("c2", watching)
    assert world.servers[MAIN].writable
    world.run("c2", feeding(NODE_B, 1))
    assert world.servers[NODE_B].led == world.servers[MAIN].led == 3


def test_a_watcher_leaves_a_rival_that_is_at_it(history: History) -> None:
    world = history.world
    world.servers[MAIN].crash()
    late = world.start("c2", watching).until("probe_peer")
    world.start("c1", failing_over).until("write_promotion")
    late.finish()
    assert world.servers[NODE_A].promised == 2


def test_an_operator_whose_votes_were_split_tries_again_in_a_higher_epoch(history: History) -> None:
    """A rival has got one vote, as the operator has, and died."""
    world = history.world
    world.servers[MAIN].crash()
    operator = world.start("c1", failing_over).until("claim", NODE_B)
    world.servers[NODE_B].claim(2, 1)
    operator.finish()
    assert world.servers[NODE_A].writable
    assert world.servers[NODE_A].promised == world.servers[NODE_B].promised == 3


def test_a_node_that_was_replaced_tells_its_writer_what_the_next_epoch_began_with(history):
    world = history.world
    unacknowledged(world, "t1")
    world.run("c1", promoting(NODE_A))
    assert not world.servers[MAIN].lease
    world.run("c1", feeding(MAIN, 1))
    assert world.servers[MAIN].await_acknowledgement("t1")
    world.servers[MAIN].crash()
