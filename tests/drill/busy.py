"""Other work on the machine, and a long time without a fault: whoever is replaced in it was replaced for nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.drill.scenario import Scenario
from tests.drill.stage import Stage

WORK = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100_000))\n"
"""Keeps a core busy until whoever started it has ended."""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Let so many processes compute throughout the block, with the priority of this one."""
    with ExitStack() as ending:
        for _ in range(processes):
            worker = subprocess.Popen([sys.executable, "-c", WORK])
            ending.callback(worker.wait)
            ending.callback(worker.kill)
        yield


def calm_run(minutes: float) -> Scenario:
    """A scenario of so many minutes in which nothing fails."""

    def play(stage: Stage) -> None:
        time.sleep(minutes * 60)
        assert stage.view().primary is not None, stage.state_in_words()
        assert stage.epoch == 1, stage.state_in_words()

    return Scenario(
        "calm",
        f"{minutes:g} minutes without a fault",
        "nobody is promoted",
        play,
        monitors=2,
        replicators=2,
        writers=4,
        policy={"CLUSTER_COOLDOWN_SECONDS": 0},
    )
