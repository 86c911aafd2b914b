"""Links that break, while every process lives."""

import time

from tests.drill.scenario import scenario
from tests.drill.stage import WRITERS, Stage

WITNESS_SECONDS = 8.0
"""Long enough for several failovers, if one were to come."""


@scenario(
    "11", "Main is cut off from everybody", "it stops by its lease; then Node A; it rejoins after healing"
)
def cut_off(stage: Stage) -> None:
    stage.isolate("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("12", "only the monitor loses Main", "no failover; said so")
def watcher_cut_off(stage: Stage) -> None:
    stage.cut("monitor", "main")
    time.sleep(WITNESS_SECONDS)
    assert stage.epoch == 1, stage.state_in_words()
    assert "can write there: no failover" in stage.programs["monitor"].said
    stage.book.wait_for(50)


@scenario("14", "one-way cut: Main reaches the others, nobody reaches Main", "one primary at a time")
def one_way(stage: Stage) -> None:
    stage.cut(None, "main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("15", "Main is cut off, but clients reach it", "it refuses writes within its lease")
def reached_by_clients(stage: Stage) -> None:
    stage.isolate("main", but=(WRITERS,))
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario(
    "16", "a link heals while commits wait, and Main dies", "no late 'done' for a row that only Main has"
)
def healed_late(stage: Stage) -> None:
    for node in ("node_a", "node_b"):
        stage.cut("replicator", node)
    time.sleep(1)
    for node in ("node_a", "node_b"):
        stage.open("replicator", node)
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
