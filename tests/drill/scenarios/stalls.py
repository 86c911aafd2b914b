"""Servers that are there and do not work."""

import time

from tests.drill.scenario import scenario
from tests.drill.stage import Stage

BLINK_SECONDS = 0.6
"""Less than two probes."""
LOCK_SECONDS = 60.0


@scenario(
    "04", "Main frozen longer than its lease, then resumed", "failover; it acknowledges nothing afterwards"
)
def frozen(stage: Stage) -> None:
    stage.freeze("main")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
    stage.thaw("main")
    stage.book.wait_for(50)
    assert stage.view().primary.name == "node_a"


@scenario("05", "Main frozen for a blink", "no failover, clients wait")
def blinked(stage: Stage) -> None:
    stage.freeze("main")
    time.sleep(BLINK_SECONDS)
    stage.thaw("main")
    time.sleep(stage.detection + 2)
    stage.book.wait_for(50)
    assert stage.epoch == 1, stage.state_in_words()


@scenario("07", "Main's lease, then its mode is changed by hand", "writable again, or failed over; never two")
def tampered(stage: Stage) -> None:
    root = stage.connect("main", "root")
    root.run("DELETE FROM write_lease")
    stage.wait_for_primary()
    stage.book.wait_for(50)
    primary = stage.view().primary.name
    root = stage.connect(primary, "root")
    root.run("UPDATE node_config SET config_value = 'RECOVERING' WHERE config_key = 'node_mode'")
    stage.wait_for_primary()
    stage.book.wait_for(50)


@scenario("08", "writes hang on Main while SELECT 1 works", "the write probe sees it; failover")
def hanging(stage: Stage) -> None:
    root = stage.connect("main", "root", timeout=LOCK_SECONDS)
    root.run("FLUSH TABLES WITH READ LOCK")
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
    root.run("UNLOCK TABLES")
    stage.book.wait_for(50)


@scenario(
    "37", "a transaction is held open for a minute", "others are acknowledged; its entry is not skipped later"
)
def held_open(stage: Stage) -> None:
    session = stage.connect("main", timeout=LOCK_SECONDS + 10)
    session.run("SET @current_transaction_id = 'held'")
    session.run("START TRANSACTION")
    session.run("INSERT INTO test_word VALUES ('held', '')")
    until = time.monotonic() + LOCK_SECONDS - 5
    while time.monotonic() < until:
        stage.book.wait_for(20, timeout=3)
    session.commit()
    session.rows("CALL await_acknowledgement('held', 3)")
    words = "SELECT word FROM test_word"
    stage.wait("the held row on Node B", lambda: bool(stage.connect("node_b").rows(words)), 10)
