"""Monitors, workers, broker and control database that fail, mostly together with Main."""

import time

from tests.drill.scenario import scenario
from tests.drill.stage import Stage

STEPS = (0.0, 0.05, 0.1, 0.2)
"""Seconds after Main's death at which the monitor dies: in the middle of what it does."""


@scenario("10", "a monitor and Main die together", "a second monitor acts", monitors=2)
def together(stage: Stage) -> None:
    stage.kill("monitor", "main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("20", "one monitor is killed, then Main", "the other acts", monitors=2)
def one_after_the_other(stage: Stage) -> None:
    stage.kill("monitor")
    time.sleep(stage.detection)
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "21",
    "the monitor is killed in the middle of a promotion",
    "the next attempt finishes it",
    policy={"CLUSTER_COOLDOWN_SECONDS": 0},
)
def in_the_middle(stage: Stage) -> None:
    for pause in STEPS:
        last = stage.view().primary.name
        stage.kill(last)
        time.sleep(pause)
        stage.kill("monitor")
        stage.program("monitor")
        stage.wait_for_primary()
        stage.book.wait_for(20)
        stage.start(last)
        stage.rejoin()


@scenario("22", "the broker is down, then Main dies", "failover all the same", celery=1)
def without_broker(stage: Stage) -> None:
    stage.kill("broker")
    time.sleep(1)
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "23",
    "the control database is unreachable",
    "failover all the same",
    variables={"CONTROL_DATABASE": "/nonexistent/control.sqlite3"},
)
def without_control_database(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "24",
    "two monitors, two workers, two beats",
    "one wins the epoch, the others do nothing",
    monitors=2,
    celery=2,
)
def crowd(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
    time.sleep(stage.detection + 2)
    assert stage.epoch == 2, stage.state_in_words()
