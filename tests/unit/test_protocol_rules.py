"""Each rule of the protocol in the shortest history that needs it.

The history holds with the rule. Without it (the test takes the rule away from the fake node or from the verb)
the same history breaks an invariant: a test of the tests.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from cluster.protocol.entries import Record
from cluster.protocol.names import NodeName, Solo
from cluster.protocol.staleness import TOLERATED_ROUNDS
from tests.harness.coordinators import LEASE, Plan, feeding, promoting, recovering, renewing, writing
from tests.harness.histories import History
from tests.harness.ledger import Violation
from tests.harness.rules import (
    Rule,
    any_disk,
    any_epoch,
    any_follower,
    clock_read_late,
    connections_survive,
    force_lasts,
    highest_id_only,
    lease_outlives_claim,
    next_number,
    no_barrier,
    no_confirmation,
    no_consent,
    no_orphans,
    no_union,
    no_wait_for_solo_lease,
    only_an_end,
    parts_suffice,
    promotion_first,
    refusal_is_proof,
)
from tests.harness.stories import OTHER_ROW, PAIR, attempt, begun, isolate, unacknowledged, write
from tests.harness.world import World, virtual_time

MAIN, NODE_A, NODE_B = NodeName

Story = Callable[[History], None]
# Stories


def confirmation_cut_off(history: History) -> None:
    """Node A hears of epoch 2 and is cut off from the coordinator; Main, which began it, dies."""
    world = history.world
    world.run("w1", write("t1", NODE_B))
    isolate(world, "c1", NODE_B)
    world.start("c1", promoting(MAIN)).until("append", NODE_A).advance(1).kill()
    world.servers[MAIN].crash()
    attempt(world.start("c2", promoting(NODE_A)))


def late_push(history: History) -> None:
    """Let a writer push to Node B what Main committed, after Node A has gathered what Node B holds."""
    world = history.world
    writer = world.start("w1", write("t1", NODE_B)).until("append", NODE_B)
    world.servers[MAIN].crash()
    coordinator = world.start("c1", promoting(NODE_A, waive=True))
    coordinator.until("write_promotion", NODE_A)
    attempt(writer)
    coordinator.finish()


def push_to_a_node_without_the_promotion(history: History) -> None:
    """Node B has promised epoch 2 and not yet heard of its beginning. Then only it and Node A are left."""
    world = history.world
    world.run("c1", promoting(MAIN))
    attempt(world.start("w1", write("t1", NODE_B)))
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))


def main_comes_back(history: History) -> World:
    """Let Main commit what nobody else gets, die, and come back under Node A."""
    world = history.world
    unacknowledged(world, "t1")
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))
    world.servers[MAIN].restart()
    world.run("c1", recovering(MAIN))
    return world


def unconfirmed_write(history: History) -> None:
    """Compare what Node A and Node B hold once Main is back with what nobody else got."""
    world = main_comes_back(history)
    world.run("c1", feeding(NODE_B, 1))
    history.check_equal(world.servers[NODE_A])


def asks_again_as_a_follower(history: History) -> None:
    """Let Main commit what nobody else gets, and the writer ask Main again when it follows Node A."""
    world = main_comes_back(history)
    world.servers[MAIN].await_acknowledgement("t1")


def silent_primary(history: History) -> None:
    """Let Main take writes, but hide it from the coordinator."""
    isolate(history.world, "c1", MAIN)
    history.world.run("c1", promoting(NODE_A))


def silent_primary_without_consent(history: History) -> None:
    """Let Main go on alone, as its durability allows; the consents have run out and the coordinator cannot see it."""
    world = history.world
    for server in world.servers.values():
        server.solo = Solo.WHEN_GONE
    world.elapse(LEASE * 1.2)
    world.servers[MAIN].renew_lease(1, world.servers[MAIN].clock(), LEASE)
    isolate(world, "c1", MAIN)
    world.run("c1", promoting(NODE_A))


def deaf_primary(history: History) -> None:
    """Let Main take writes and no new connection."""
    history.world.servers[MAIN].deaf = True
    history.world.run("c1", promoting(NODE_A, waive=True))


def clock_ahead(history: History) -> None:
    """Main's clock is ahead while its lease is renewed, and steps back; then it is cut off."""
    world = history.world
    world.servers[MAIN].offset += 60
    world.run("c1", renewing)
    world.servers[MAIN].offset -= 60
    isolate(world, "c2", MAIN)
    world.run("c2", promoting(NODE_A))


def rival_of_a_healthy_primary(history: History) -> None:
    """Node A is promoted while Main takes writes and answers."""
    history.world.run("c1", promoting(NODE_A))


def slow_renewal(history: History) -> None:
    """Let a renewal rest between the consent and the new lease; meanwhile Node A takes over."""
    world = history.world
    renewal = world.start("c1", renewing).until("consent").advance(1)
    world.elapse(LEASE * 1.2)
    isolate(world, "c2", MAIN)
    world.run("c2", promoting(NODE_A))
    attempt(renewal)


def write_across_a_claim(history: History) -> None:
    """Keep a transaction open while its node is claimed; it commits afterwards."""
    world = history.world
    writer = world.start("w1", write("t1", NODE_B)).until("commit", MAIN)
    isolate(world, "c1", NODE_B)
    attempt(world.start("c1", promoting(NODE_A)))
    attempt(writer)


def acknowledged_by_the_other_node(history: History) -> None:
    """Node B has acknowledged what Node A lacks, and Node A is promoted."""
    world = history.world
    world.run("w1", write("t1", NODE_B))
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))


def settled_by_a_promotion(history: History) -> None:
    """Let Main begin a new epoch, so that what it wrote before counts as acknowledged. Then it dies."""
    world = history.world
    unacknowledged(world, "t1")
    isolate(world, "c1", NODE_B)
    world.run("c1", promoting(MAIN))
    assert world.servers[MAIN].await_acknowledgement("t1")
    world.servers[MAIN].crash()
    world.run("c2", promoting(NODE_A, waive=True))


def late_commit(history: History) -> None:
    """Commit a transaction after a later one was fed to Node A; Node B acknowledges it."""
    world = history.world
    writer = world.start("w1", write("t1", NODE_B)).until("commit", MAIN)
    world.run("w2", write("t2", NODE_A, row=OTHER_ROW))
    world.run("c1", feeding(NODE_A, 3))
    writer.finish()
    world.servers[MAIN].crash()
    world.run("c1", promoting(NODE_A, waive=True))


def late_commit_of_what_began_far_behind(history: History) -> None:
    """Let a transaction commit whose first entry a round has passed, and whose last one each read shows."""
    world = history.world
    spread = world.start("w1", writing(Plan("t1", PAIR))).until("change", MAIN).advance(1)
    for number in (2, 3, 4):
        world.start(f"w{number}", write(f"t{number}", row=Record("title", f"{number}"))).until("commit", MAIN)
    for number in range(5, 10):
        unacknowledged(world, f"t{number}", place="w5")
    feeder = world.start("c1", feeding(NODE_A, 9))
    for _ in range(2):
        feeder.until("read_entries", MAIN).advance(1)
    feeder.until("read_entries", MAIN)
    attempt(spread)
    feeder.finish()


def restart_before_the_lease(history: History) -> None:
    """Restart Main while its promoter is about to give it the lease; Node A replaces it meanwhile."""
    world = history.world
    first = world.start("c1", promoting(MAIN)).until("open_writes", MAIN)
    world.servers[MAIN].crash()
    second = world.start("c2", promoting(NODE_A, vouched=2)).until("claim", NODE_A)
    isolate(world, "c2", MAIN)
    world.servers[MAIN].restart()
    second.finish()
    attempt(first)


def forced_primary_that_is_cut_off(history: History) -> None:
    """Node A is forced, Node B joins it; then a replicator beside Node A reaches nobody else, and Main comes back."""
    world = history.world
    world.servers[MAIN].crash()
    world.servers[NODE_B].crash()
    world.run("c1", promoting(NODE_A, forced=True, vouched=1))
    world.servers[NODE_B].restart()
    feed(history, NODE_B)
    for name in (MAIN, NODE_B):
        isolate(world, "c1", name)
    isolate(world, "c2", NODE_A)
    world.servers[MAIN].restart()
    other = world.start("c2", promoting(MAIN))
    while not other.dead:
        attempt(world.start("c1", renewing))
        other.step()
    assert world.servers[MAIN].writable
    world.run("w2", write("t1", NODE_B))


def forced_primary_that_comes_back(history: History) -> None:
    """Node A is forced and dies; Main and Node B, which know nothing of it, go on and meet it again."""
    world = history.world
    world.servers[MAIN].crash()
    world.servers[NODE_B].crash()
    world.run("c1", promoting(NODE_A, forced=True, vouched=1))
    unacknowledged(world, "t1")
    world.servers[NODE_A].crash()
    world.servers[MAIN].restart()
    world.servers[NODE_B].restart()
    world.elapse(LEASE * 1.2)
    world.run("c2", promoting(MAIN))
    world.run("w1", write("t2", NODE_B))
    world.servers[NODE_A].restart()
    world.run("c2", feeding(NODE_A, 2))


def disk_that_somebody_remembers(history: History) -> None:
    """Node B gets a copy of its disk from before Node A left, and Main dies."""
    disk = history.world.servers[NODE_B].disk()
    feed(history, NODE_B, NODE_A)
    goes_on_with_the_copy(history, disk)


def disk_that_nobody_remembers(history: History) -> None:
    """Node B gets a copy of its disk from after Node A has left, and Main dies."""
    world = history.world
    feed(history, NODE_A, NODE_B)
    world.servers[NODE_A].crash()
    feed(history, *[NODE_B] * (TOLERATED_ROUNDS + 1))
    goes_on_with_the_copy(history, world.servers[NODE_B].disk())


def goes_on_with_the_copy(history: History, disk: Mapping[str, Any]) -> None:
    """Lose from Node B's disk what it acknowledged while Node A was away. Main comes back in the end."""
    world = history.world
    world.servers[NODE_A].crash()
    world.run("w1", write("t1", NODE_B))
    feed(history, NODE_B)
    world.servers[NODE_B].put_back(disk)
    world.servers[MAIN].crash()
    world.servers[NODE_A].restart()
    attempt(world.start("c2", promoting(NODE_A, waive=True)))
    world.servers[MAIN].restart()
    world.elapse(LEASE * 1.2)
    attempt(world.start("c3", promoting(MAIN)))
    feed(history, NODE_A, NODE_B)


def feed(history: History, *names: NodeName) -> None:
    """Let a replicator go through a round with each of these nodes."""
    for name in names:
        history.world.run("c1", feeding(name, 2))


CASES: list[tuple[Story, Rule, str]] = [
    (confirmation_cut_off, promotion_first, "(a)"),
    (late_push, any_epoch, "(a)"),
    (push_to_a_node_without_the_promotion, any_follower, "(a)"),
    (unconfirmed_write, no_orphans, "(d)"),
    (asks_again_as_a_follower, no_orphans, "(a)"),
    (silent_primary, no_consent, "(b)"),
    (silent_primary_without_consent, no_wait_for_solo_lease, "(b)"),
    (clock_ahead, only_an_end, "(b)"),
    (deaf_primary, refusal_is_proof, "(b)"),
    (rival_of_a_healthy_primary, lease_outlives_claim, "(b)"),
    (slow_renewal, clock_read_late, "(b)"),
    (write_across_a_claim, no_barrier, "(c)"),
    (acknowledged_by_the_other_node, no_union, "(a)"),
    (settled_by_a_promotion, no_confirmation, "(a)"),
    (late_commit, highest_id_only, "(a)"),
    (late_commit_of_what_began_far_behind, parts_suffice, "(whole)"),
    (restart_before_the_lease, connections_survive, "(b)"),
    (forced_primary_that_is_cut_off, force_lasts, "(b)"),
    (forced_primary_that_comes_back, next_number, "(4)"),
    (disk_that_somebody_remembers, any_disk, "(a)"),
    (disk_that_nobody_remembers, any_disk, "(a)"),
]
NAMES = [story.__name__ for story, _, _ in CASES]


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give the verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


@pytest.mark.parametrize("story", [story for story, _, _ in CASES], ids=NAMES)
@pytest.mark.parametrize("away", list(NodeName))
def test_the_rules_hold(story: Story, away: NodeName) -> None:
    history = begun()
    story(history)
    history.end(away)


def told(story: Story, history: History) -> None:
    """Play a story to its end."""
    story(history)
    history.end(NODE_B)


@pytest.mark.parametrize(("story", "rule", "letter"), CASES, ids=NAMES)
def test_each_rule_is_needed(story: Story, rule: Rule, letter: str, patch: pytest.MonkeyPatch) -> None:
    rule(patch)
    history = begun(boundary_checked=False)
    with pytest.raises(Violation) as caught:
        told(story, history)
    history.world.close()
    assert str(caught.value).startswith(letter)
