"""Play seeds, each with tables of its own, on scratch servers; shrink what fails, and print it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from random import Random
from time import monotonic

from django.conf import settings

from cluster.local import each
from cluster.local.scratch import memory, revive
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from tests.drill.scenario import Scenario
from tests.drill.score import Score, take_stock
from tests.drill.stage import staged
from tests.fuzz.history import Step, chosen, history, named
from tests.fuzz.run import Fuzz, end_prepared, table
from tests.fuzz.schemas import make_models
from tests.fuzz.shrink import shrink
from tests.fuzz.troubles import Troubles
from tests.harness.cluster import Cluster
from tests.harness.servers import ScratchServers

SECONDS_A_SEED = 40
"""What a seed with faults takes at least: so many have tables."""
SAID = 12
"""Lines of the last replay that are printed with a failure."""
SCENARIO = Scenario(
    "fuzz",
    "random statements and faults",
    "every node stores the bytes of the primary, and what was acknowledged is there",
    lambda stage: None,
    writers=2,
    policy={"CLUSTER_COOLDOWN_SECONDS": 0, "CLUSTER_FAILBACK": "automatic"},
)


class FuzzServers(ScratchServers):
    """Scratch servers that hold the tables of generated models besides."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        super().__init__(memory())

    def policy(self) -> dict[str, object]:
        """Return a policy that replicates the generated models, too."""
        return super().policy() | {"CLUSTER_REPLICATED_MODELS": self.labels}

    def environment(self, ports: Mapping[NodeName, int] | None = None) -> dict[str, str]:
        """Other processes do not know models that are made here."""
        made = super().environment(ports)
        made.pop("CLUSTER_REPLICATED_MODELS", None)
        return made


@dataclass
class Player:
    """Plays seeds on servers that hold their tables. faults: whether with faults between the statements."""

    servers: FuzzServers
    tables: Mapping[int, Sequence[str]]
    statements: int
    faults: bool
    said: list[str] = field(default_factory=list)

    def history(self, seed: int) -> list[Step]:
        """All steps of a seed."""
        with self.servers.pointed(), closing(self.servers.connect(NodeName.MAIN, "root")) as root:
            described = [table(root, name) for name in self.tables[seed]]
        return history(Random(seed), described, self.statements, faults=self.faults)

    def play(self, seed: int, steps: Sequence[Step]) -> Score:
        """Play steps of a seed from a fresh cluster."""
        self.clear()
        self.said = []
        return self.through_faults(seed, steps) if self.faults else self.in_turn(seed, steps)

    def clear(self) -> None:
        """Take away what a play that failed left: servers that are down, prepared transactions, which block a reset."""
        each(self.servers.local.values(), revive)
        with self.servers.pointed():
            for name in NodeName:
                with closing(self.servers.connect(name, "root", 30.0)) as root:
                    end_prepared(root)

    def in_turn(self, seed: int, steps: Sequence[Step]) -> Score:
        """Play steps one after the other, on a cluster that has no fault."""
        score = Score(SCENARIO.number, SCENARIO.name, SCENARIO.right)
        with self.servers.pointed() as conf:
            self.servers.reset()
            cluster = Cluster(self.servers, conf)
            try:
                with score.noting("play"):
                    cluster.begin()
                    cluster.settle()
                    root = {name: cluster.connect(name, "root", 30.0) for name in NodeName}
                    fuzz = Fuzz(seed, cluster.connect, root.__getitem__, self.tables[seed])
                    self.said = fuzz.said
                    fuzz.play_steps(steps)
                    fuzz.end()
                    cluster.settle(timeout=30)
                    score.problems += fuzz.differences()
            finally:
                cluster.end()
        return score

    def through_faults(self, seed: int, steps: Sequence[Step]) -> Score:
        """Play steps while nodes, links and programs fail, beside writers that await their acknowledgements."""
        score = Score(SCENARIO.number, SCENARIO.name, SCENARIO.right)
        with score.noting("stage"), staged(self.servers, SCENARIO) as stage:
            troubles = Troubles(stage)
            self.said = troubles.said
            with score.noting("play"), stage.under_load():
                troubles.play(steps)
            take_stock(stage, score)
            score.acknowledged += len(troubles.acknowledged)
            with score.noting("compare"):
                score.problems += troubles.findings(self.tables[seed])
        return score

    def shortest(self, seed: int, steps: Sequence[Step], seconds: float) -> str:
        """Return the shortest part of a history found that fails, with the command that plays it."""

        def fails(numbers: Sequence[int]) -> bool:
            return not self.play(seed, [steps[number] for number in numbers]).passed

        kept = shrink(len(steps), fails, seconds)
        lines = "\n".join(f"  {steps[number]}" for number in kept)
        faults = " --faults" if self.faults else ""
        return (
            f"{len(kept)} of {len(steps)} steps still fail:\n{lines}\nPlay them again:"
            f" python -m tests.fuzz {seed} {self.statements}{faults} --only {named(kept)}\n"
        )


@contextmanager
def player(seeds: Sequence[int], statements: int, *, faults: bool) -> Iterator[Player]:
    """Servers with the tables of all seeds. Enter it inside `control_database`, which must not know these models."""
    models = {seed: make_models(seed) for seed in seeds}
    labels = [model._meta.label for made in models.values() for model in made]
    tables = {seed: [model._meta.db_table for model in made] for seed, made in models.items()}
    with closing(FuzzServers([*settings.CLUSTER_REPLICATED_MODELS, *labels])) as servers:
        yield Player(servers, tables, statements, faults)


def play_seeds(
    seeds: Sequence[int], statements: int, *, faults: bool = False, only: str = "", shrinking: float = 0.0
) -> list[Score]:
    """Play some seeds, and shrink a failure for so many seconds; the scores."""
    with player(seeds, statements, faults=faults) as playing:
        return [play_one(playing, seed, only, shrinking) for seed in seeds]


def play_minutes(minutes: float, first: int, statements: int, shrinking: float) -> list[Score]:
    """Play seeds with faults, from `first` on, until so many minutes are over; the scores."""
    scores = list[Score]()
    seeds = range(first, first + max(1, int(minutes * 60 / SECONDS_A_SEED)))
    with player(seeds, statements, faults=True) as playing:
        until = monotonic() + minutes * 60
        for seed in seeds:
            if monotonic() < until:
                scores.append(play_one(playing, seed, "", shrinking))
    return scores


def play_one(playing: Player, seed: int, only: str, shrinking: float) -> Score:
    """Play a seed, say what became of it, and shrink a failure."""
    playing.clear()
    steps = chosen(playing.history(seed), only)
    try:
        score = playing.play(seed, steps)
    except (ClusterError, TimeoutError, OSError) as error:
        score = Score(SCENARIO.number, SCENARIO.name, SCENARIO.right, problems=[f"the stage fell: {error!r}"])
    say(f"seed {seed}: {' '.join(score.problems) or 'equal'}, {score.acknowledged} acknowledged")
    if not score.passed:
        say("\n".join(playing.said if only else playing.said[-SAID:]))
        score.problems.insert(0, f"Seed {seed}, {playing.statements} statements.")
        if shrinking and playing.said and not only:  # without a word, the stage did not stand: a busy machine
            say(playing.shortest(seed, steps, shrinking))
    return score


def say(text: str) -> None:
    """Print it now."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
