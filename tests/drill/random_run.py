"""Faults of every kind in random order, several at once, for as long as wanted."""

import random
import time
from collections.abc import Callable
from contextlib import suppress

from cluster.local.errors import NotRunningError
from tests.drill.scenario import Scenario
from tests.drill.stage import Stage
from tests.harness.conditions import BLACK_HOLE, ONLY_BACK, ONLY_THERE, REFUSED, delayed

NODES = ("main", "node_a", "node_b")
HOLD_SECONDS = (0.3, 1.0, 3.0, 6.0)
CALM_SECONDS = (1.0, 4.0)
AT_ONCE = (1, 1, 2, 3)
CONDITIONS = (BLACK_HOLE, REFUSED, ONLY_THERE, ONLY_BACK, delayed(0.3))

Fault = Callable[[Stage, random.Random], None]


def cut(stage: Stage, r: random.Random) -> None:
    """One link, in one of the ways in which links break."""
    source = r.choice([*NODES, *stage.programs])
    stage.cut(source, r.choice([name for name in NODES if name != source]), r.choice(CONDITIONS))


def freeze(stage: Stage, r: random.Random) -> None:
    """One node, unless a fault of the same moment has killed it."""
    with suppress(NotRunningError):
        stage.freeze(r.choice(NODES))


FAULTS: list[Fault] = [
    lambda stage, r: stage.kill(r.choice(NODES)),
    freeze,
    lambda stage, r: stage.isolate(r.choice(NODES)),
    cut,
    lambda stage, r: stage.kill(r.choice(list(stage.programs))),
    lambda stage, r: stage.freeze(r.choice(list(stage.programs))),
]


def random_run(minutes: float, seed: int) -> Scenario:
    """Return a scenario of so many minutes; the same seed draws the same faults."""

    def play(stage: Stage) -> None:
        r, until = random.Random(seed), time.monotonic() + minutes * 60
        while time.monotonic() < until:
            for fault in r.choices(FAULTS, k=r.choice(AT_ONCE)):
                fault(stage, r)
            time.sleep(r.choice(HOLD_SECONDS))
            stage.mend()
            stage.rejoin()
            time.sleep(r.choice(CALM_SECONDS))

    return Scenario(
        "random",
        f"{minutes:g} minutes of random faults, seed {seed}",
        "nothing is lost, all nodes are equal at the end",
        play,
        monitors=2,
        replicators=2,
        writers=4,
        policy={"CLUSTER_COOLDOWN_SECONDS": 0, "CLUSTER_FAILBACK": "automatic"},
    )
