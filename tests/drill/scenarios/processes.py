"""Servers that die and come back."""

import time

from tests.drill.scenario import scenario
from tests.drill.stage import Stage

QUIET_SECONDS = 5.0


@scenario("00", "no fault", "the zero line: nothing happens")
def nothing(stage: Stage) -> None:
    time.sleep(QUIET_SECONDS)
    assert stage.epoch == 1


@scenario(
    "01", "kill -9 of Main, which stays down", "Node A takes over; Main comes back unwritable and rejoins"
)
def killed(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("02", "kill -9 of Main, which restarts at once", "it resumes or is replaced, never both")
def killed_and_restarted(stage: Stage) -> None:
    stage.kill("main")
    stage.start("main")
    stage.book.wait_for(50)
    assert stage.epoch == 2, stage.state_in_words()


@scenario("03", "clean shutdown of Main", "as a kill")
def stopped(stage: Stage) -> None:
    stage.stop("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("28", "Node A lags when Main dies", "what Node B has is fetched before the first write")
def lagging(stage: Stage) -> None:
    stage.freeze("node_a")
    stage.book.wait_for(200)
    stage.kill("main")
    stage.thaw("node_a")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "29", "Node A is down when Main dies", "no promotion without a majority, said so; one node more is enough"
)
def without_majority(stage: Stage) -> None:
    stage.kill("node_a")
    stage.book.wait_for(50)
    stage.kill("main")
    time.sleep(stage.lease + stage.detection)
    assert stage.view().primary is None
    assert "Only 1 of 3 nodes answer" in stage.status()["sentence"]
    risks = stage.manage("promote_node_a", "--force")
    assert risks.returncode == 1, risks.stdout
    stage.start("node_a")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "31",
    "Node A dies right after taking over",
    "Main returns, the newest epoch leads",
    policy={"CLUSTER_COOLDOWN_SECONDS": 0},
)
def vice_dies(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.kill("node_a")
    stage.start("main")
    stage.wait_for_primary("main")
    stage.book.wait_for(50)


@scenario("34", "Node A and Node B are down", "Main acknowledges nothing more, and stops with its lease")
def alone(stage: Stage) -> None:
    stage.kill("node_a", "node_b")
    time.sleep(stage.lease + stage.detection + 1)
    assert stage.view().primary is None
    told = len(stage.book.acknowledged)
    time.sleep(1)
    assert len(stage.book.acknowledged) == told, "a writer was told that it is done"
    stage.start("node_b")
    stage.wait_for_primary("main")
    stage.book.wait_for(50)


@scenario("38", "kill -9 of Main under full load", "every acknowledged transaction is there", writers=16)
def full_load(stage: Stage) -> None:
    stage.book.wait_for(1000, 30)
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(200)
