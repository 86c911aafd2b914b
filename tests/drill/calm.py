"""A long time without a fault: whoever is replaced in it was replaced for nothing."""

import time

from tests.drill.scenario import Scenario
from tests.drill.stage import Stage


def calm_run(minutes: float) -> Scenario:
    """Return a scenario of so many minutes in which nothing fails."""

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
