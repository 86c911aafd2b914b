"""The watch on real servers: what it decides, what it does, how soon."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.actions.failover.check_health import Watch
from cluster.protocol.decide import Action
from cluster.protocol.names import NodeName
from tests.harness.checker import check
from tests.harness.observer import observed
from tests.harness.writers import writing

pytestmark = pytest.mark.faults


@pytest.fixture
def watch(cluster) -> Iterator[Watch]:
    made = Watch.configured(cluster.conf)
    yield made
    made.close()


def test_a_healthy_cluster_is_left_alone(cluster, watch):
    cluster.settle()
    tick = watch.tick()
    assert (tick.decision.action, tick.sentence) == (
        Action.NOTHING,
        "Main is healthy. Node A remains in VICE mode.",
    )


def test_a_killed_main_is_replaced_in_one_tick(cluster, watch):
    with observed(cluster), writing(cluster) as book:
        watch.tick()
        cluster.kill("main")
        began = time.monotonic()
        tick = watch.tick()
        assert time.monotonic() - began < 2, "nobody waits for the lease of a process that is gone"
        assert tick.decision.action is Action.FAIL_OVER
        assert tick.decision.gone
        assert tick.sentence.endswith(
            "Promoting Node A to ACTING_MASTER. Node A promoted to ACTING_MASTER successfully. "
            "Node A can now accept write operations."
        )
        book.wait_for(20)
    cluster.start("main")
    cluster.manage("recover_main")
    check(cluster, book)


def test_a_frozen_main_is_replaced_when_its_lease_is_over(cluster, watch):
    with observed(cluster), writing(cluster) as book:
        watch.tick()
        cluster.freeze("main")
        began = time.monotonic()
        while (tick := watch.tick()).decision.action is Action.WAIT:
            time.sleep(0.2)
        assert tick.decision.action is Action.FAIL_OVER, tick.sentence
        assert not tick.failed, tick.sentence
        assert time.monotonic() - began < 10
        book.wait_for(20)
        cluster.resume("main")
        book.wait_for(20)
    cluster.manage("recover_main")
    check(cluster, book)


def test_it_rests_while_a_probe_of_a_frozen_node_is_still_open(cluster, watch):
    watch.tick()
    cluster.freeze("main")
    watch.tick()
    began = time.monotonic()
    watch.wait(0.2)
    assert 0.1 < time.monotonic() - began < 1
    cluster.resume("main")


def test_a_lease_that_nobody_renewed_is_renewed(cluster, watch):
    cluster.settle()
    cluster.replicator.stop()
    time.sleep(cluster.conf.lease_seconds + 0.5)
    tick = watch.tick()
    assert (tick.decision.action, tick.failed) == (Action.RENEW, False)
    assert cluster.nodes[NodeName.MAIN].lease_epoch() == 1


def test_a_main_that_was_restarted_goes_on_in_a_new_epoch(cluster, watch):
    cluster.settle()
    cluster.replicator.stop()
    cluster.kill("main")
    cluster.start("main")
    tick = watch.tick()
    assert (tick.decision.action, tick.failed) == (Action.RESUME, False), tick.sentence
    assert cluster.nodes[NodeName.MAIN].lease_epoch() == 2


def test_an_operator_and_three_watchers_promote_once(cluster):
    cluster.settle()
    watches = [Watch.configured(cluster.conf) for _ in range(3)]
    for watch in watches:
        watch.tick()
    cluster.kill("main")
    with ThreadPoolExecutor() as pool:
        by_hand = pool.submit(cluster.manage, "promote_node_a")
        ticks = list(pool.map(Watch.tick, watches))
    assert by_hand.result().returncode == 0, by_hand.result().stderr
    assert cluster.nodes[NodeName.NODE_A].lease_epoch() is not None
    # Who finds the votes given to a rival has failed and changed nothing; somebody has succeeded.
    assert all("nodes" in tick.outcome for tick in ticks if tick.failed), [tick.sentence for tick in ticks]
    assert not all(tick.failed for tick in ticks), [tick.sentence for tick in ticks]
    promotions = cluster.connect("node_a").rows(
        "SELECT epoch FROM transaction_log WHERE record_id = 'PROMOTION'"
    )
    assert len(promotions) == 2, "one of them won, the others let it be"
    for watch in watches:
        watch.close()
