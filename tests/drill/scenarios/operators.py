"""Operators at work: planned changes, and what goes wrong on the way."""

import time
from subprocess import Popen

from cluster.protocol.names import NodeName
from tests.drill.scenario import scenario
from tests.drill.stage import Stage

MISSED, PER_TRANSACTION = 40_000, 1_000


@scenario("planned", "switchover to Node A and back", "a pause of milliseconds")
def planned(stage: Stage) -> None:
    for to in ("node_a", "main"):
        done = stage.manage("switchover", "--to", to)
        assert done.returncode == 0, done.stderr
        stage.book.wait_for(50)
        stage.wait("the others follow", stage.level, 10)


@scenario(
    "27", "an operator promotes during the automatic failover", "refused with the reason, or done after it"
)
def at_once(stage: Stage) -> None:
    stage.kill("main")
    done = stage.manage("promote_node_a")
    assert done.returncode == 0, done.stderr
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)
    time.sleep(stage.detection + 1)
    assert stage.epoch == 2, stage.state_in_words()


@scenario(
    "36", "a long open transaction at a switchover", "a bounded wait, then given up with the writes back"
)
def long_transaction(stage: Stage) -> None:
    session = stage.connect("main", timeout=60)
    session.run("SET @current_transaction_id = 'held'")
    session.run("START TRANSACTION")
    session.run("INSERT INTO test_word VALUES ('held', '')")
    done = stage.manage("switchover", "--to", "node_a")
    assert done.returncode == 1, done.stdout
    stage.wait_for_primary("main")
    stage.book.wait_for(50)
    session.run("ROLLBACK")


@scenario("43", "the recovery of Main is killed half way", "run again, run twice: the same state")
def recovery_killed(stage: Stage) -> None:
    miss_much(stage)
    interrupted = begin_recovery(stage)
    interrupted.kill()
    interrupted.communicate(timeout=10)
    for _ in range(2):
        done = stage.manage("recover_main")
        assert done.returncode == 0, done.stderr
    stage.book.wait_for(50)


@scenario(
    "44",
    "Main dies while Node A hands back",
    "Node A goes on, or takes over again",
    policy={"CLUSTER_COOLDOWN_SECONDS": 0},
)
def demotion_fails(stage: Stage) -> None:
    stage.kill("main")
    stage.wait_for_primary("node_a")
    stage.start("main")
    assert stage.manage("recover_main").returncode == 0
    handing = stage.cluster.popen("demote_node_a")
    stage.wait("Node A closes", lambda: not takes_writes(stage, "node_a"), 20)
    stage.kill("main")
    handing.communicate(timeout=40)
    stage.wait_for_primary("node_a")
    stage.book.wait_for(50)


@scenario("45", "Node A dies while Main recovers from it", "Main takes writes only with all of them")
def source_dies(stage: Stage) -> None:
    miss_much(stage)
    recovery = begin_recovery(stage)
    stage.kill("node_a")
    recovery.communicate(timeout=60)
    assert recovery.returncode == 1


def takes_writes(stage: Stage, name: str) -> bool:
    """Whether a node holds a lease."""
    return stage.cluster.nodes[NodeName(name)].lease_epoch() is not None


def miss_much(stage: Stage) -> None:
    """Let Main die, Node A act, and much be written; Main comes back."""
    stage.kill("main")
    stage.wait_for_primary("node_a")
    session = stage.connect("node_a", "cluster", timeout=60)
    for start in range(0, MISSED, PER_TRANSACTION):
        session.run("SET @current_transaction_id = UUID()")
        session.run(
            "INSERT INTO test_counter (id, value, writer) SELECT %s + seq, 0, ''"
            f" FROM seq_1_to_{PER_TRANSACTION}",
            (1_000_000 + start,),
        )
    stage.start("main")


def begin_recovery(stage: Stage) -> Popen[str]:
    """recover_main, on its way."""
    main = stage.cluster.nodes[NodeName.MAIN]
    before = main.state().entries
    recovery = stage.cluster.popen("recover_main")
    stage.wait("the recovery is on its way", lambda: main.state().entries > before + PER_TRANSACTION, 30)
    return recovery
