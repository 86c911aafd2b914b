"""Play one scenario and say what it cost: outage, loss, orphans, rejoin time, and whether it went right."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from cluster.protocol.errors import ClusterError
from tests.drill.busy import busy
from tests.drill.scenario import Scenario
from tests.drill.stage import Stage, staged
from tests.harness.checker import FULL_LOG, check, lost
from tests.harness.servers import ScratchServers

CHECK_SECONDS = 60.0
FIRST_EPOCH = 1
"""The epoch in which Main is the primary when a scenario begins."""


@dataclass
class Score:
    """What became of one scenario.

    gap: seconds without an acknowledged write, the longest. acknowledged, lost: transactions. orphaned:
    entries. double: samples in which two nodes took writes. promotions: epochs that began in it. without_primary:
    seconds in which no node took writes. rejoin: seconds until all were level after the
    fault had ended. sentence: the last one of cluster_status. problems: what was not right, in sentences.
    """

    number: str
    name: str
    right: str
    fast: bool = False
    gap: float = 0.0
    acknowledged: int = 0
    lost: int = 0
    orphaned: int = 0
    double: int = 0
    promotions: int = 0
    without_primary: float = 0.0
    rejoin: float | None = None
    sentence: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return not self.problems and self.lost == 0 and self.double == 0

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"passed": self.passed}

    @contextmanager
    def noting(self, phase: str) -> Iterator[None]:
        """Note what goes wrong in the block as a problem of this scenario; the next phase is played all the same."""
        try:
            yield
        except (AssertionError, TimeoutError, ClusterError, subprocess.TimeoutExpired) as error:
            self.problems.append(f"{phase}: {error or 'an assertion failed'}")


def perform(servers: ScratchServers, scenario: Scenario, *, fast: bool = False, processes: int = 0) -> Score:
    """Play a scenario from a fresh cluster to the last check. Never raises for what the fault does.

    processes: how many others compute while it is played, once the cluster is at work.
    """
    score = Score(scenario.number, scenario.name, scenario.right, fast)
    with score.noting("stage"), staged(servers, scenario, fast) as stage:
        with score.noting("writers"), busy(processes), stage.under_load():
            with score.noting("fault"):
                scenario.play(stage)
            with score.noting("rejoin"):
                stage.mend()
                score.rejoin = round(stage.rejoin(), 1)
        take_stock(stage, score)
    return score


def take_stock(stage: Stage, score: Score) -> None:
    """Check the invariants and take the numbers, once nobody writes any more."""
    score.gap = round(stage.book.gap(), 2) if stage.book.began else 0.0
    score.acknowledged = len(stage.book.acknowledged)
    with score.noting("end"):
        check(stage.cluster, stage.book, CHECK_SECONDS)
    stage.observer.stop()
    score.double = len(stage.observer.violations)
    score.without_primary = round(stage.observer.without_primary(), 2)
    with score.noting("count"):
        primary = stage.view().primary
        assert primary is not None, "nobody takes writes at the end"
        connection = stage.connect(primary.name, "cluster", CHECK_SECONDS)
        score.promotions = primary.led - FIRST_EPOCH
        score.lost = len(lost(connection.rows(FULL_LOG), stage.book))
        score.orphaned = connection.row("SELECT COUNT(*) FROM orphaned_transaction")[0]
        score.sentence = stage.status()["sentence"]


def as_line(score: Score, goal: float | None, run: int) -> str:
    """One line of a history file. goal: seconds that its gap may take, None where none was set. run: when it began."""
    return json.dumps({"at": round(time.time()), "run": run, **score.facts(), "goal": goal})
