"""Random statements of sessions with random settings, by fixed seeds; `python -m tests.fuzz SEED` plays others."""

from random import Random

import pytest

from cluster.actions.failover.switchover import switchover
from cluster.protocol.names import NodeName
from tests.fuzz.history import chosen, history, named
from tests.fuzz.play_seed import Player
from tests.fuzz.run import Fuzz
from tests.fuzz.shrink import shrink

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

SEEDS = (1, 2, 3, 4)
STATEMENTS = 250
FAULTY = 60
"""Statements of the run with faults: two rounds of them."""


@pytest.mark.parametrize("seed", SEEDS)
def test_every_node_stores_the_same_bytes(cluster, seed):
    cluster.settle()
    fuzz = Fuzz(seed, cluster.connect, lambda name: cluster.connect(name, "root", 30.0))
    fuzz.play(STATEMENTS)
    fuzz.end()
    cluster.settle(timeout=20)
    assert fuzz.differences() == [], "\n".join(fuzz.said)
    switchover(cluster.nodes, NodeName.NODE_A, reason="A test.", lease_seconds=3.0)
    fuzz.begin(NodeName.NODE_A)
    fuzz.play(STATEMENTS // 5)
    fuzz.end()
    cluster.settle(timeout=20)
    assert fuzz.differences() == [], "\n".join(fuzz.said)


def test_faults_between_statements_cost_no_acknowledged_one(servers, django_db_blocker):
    tables = ("test_specimen", "test_word", "test_label")
    with django_db_blocker.unblock():
        player = Player(servers, {1: tables}, FAULTY, faults=True)
        score = player.play(1, player.history(1))
    assert score.passed, "\n".join([*score.problems, *player.said])
    assert score.acknowledged > 0


def test_a_history_is_drawn_again_from_its_seed():
    one, other = (history(Random(7), [], 0, faults=faults) for faults in (True, False))
    assert one == other == []


def test_a_history_that_fails_is_shrunk_to_the_steps_that_matter():
    played = []

    def fails(numbers):
        played.append(numbers)
        return {17, 60} <= set(numbers)

    assert shrink(100, fails, seconds=60) == [17, 60]
    assert len(played) < 100


def test_steps_are_named_in_the_command_that_plays_them_again():
    assert named([9, 3, 7, 8]) == "3,7-9"
    assert chosen(range(100), "3,7-9") == [3, 7, 8, 9]
