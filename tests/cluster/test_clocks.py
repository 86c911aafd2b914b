"""Clocks that were ahead and have stepped back: what they wrote down must not outlast what was consented to."""

import time

import pytest

from cluster.actions.failover.check_health import Watch
from cluster.actions.failover.failover import promote_node_a
from cluster.actions.steps.lease import renew
from cluster.actions.steps.progress import reporting_steps
from cluster.protocol.decide import Action
from cluster.protocol.errors import ConsentRunning, StaleEpoch
from cluster.protocol.names import NodeName
from tests.harness.observer import observed
from tests.harness.sql import refusal

WRITE = "INSERT INTO test_word (word, meaning) VALUES ('a', '')"
AHEAD = 120.0
"""Seconds that the clock was ahead."""


@pytest.fixture
def main(cluster):
    """Return Main, whose lease nobody renews."""
    cluster.settle()
    cluster.replicator.stop()
    return cluster.nodes[NodeName.MAIN]


def lease_of_a_clock_ahead(cluster, seconds: float = AHEAD) -> None:
    """Main's lease as a renewal wrote it down while its clock was ahead."""
    root = cluster.connect("main", "root")
    for sequence, more in (("lease_begin", 0.0), ("lease_end", cluster.conf.lease_seconds)):
        (value,) = root.row(
            "SELECT CAST((1 << 42) + FLOOR(1000 * (UNIX_TIMESTAMP(SYSDATE(6)) + %s)) AS INT)",
            (seconds + more,),
        )
        root.run(f"DO SETVAL({sequence}, {value}, 0)")


def consent_of_a_clock_ahead(cluster, name: str, seconds: float = 40.0) -> None:
    """Write a node's consent as it wrote it down while its clock was ahead."""
    cluster.connect(name, "root").run(
        "UPDATE node_config SET config_value = config_value + %s WHERE config_key = 'consent_until'",
        (seconds,),
    )


def test_a_lease_that_begins_in_the_future_permits_nothing(cluster, main):
    lease_of_a_clock_ahead(cluster)
    assert "holds no valid write lease" in refusal(cluster.connect("main"), WRITE)
    assert (main.state().lease, main.lease_epoch()) == (None, None)


def test_it_is_not_forgotten_when_the_clock_reads_as_much_again(cluster, main):
    lease_of_a_clock_ahead(cluster, 0.5)
    with pytest.raises(StaleEpoch, match="no lease to renew"):
        renew(main, [cluster.nodes[NodeName.NODE_B]], 1, cluster.conf.lease_seconds)
    time.sleep(0.6)
    assert main.lease_epoch() is None
    assert "holds no valid write lease" in refusal(cluster.connect("main"), WRITE)


def test_a_reading_of_a_clock_that_has_stepped_back_gives_no_lease(cluster, main):
    with pytest.raises(StaleEpoch, match="clock of this node has stepped back"):
        main.renew_lease(1, main.beat() + AHEAD, cluster.conf.lease_seconds)
    assert main.state().lease is None


def test_a_small_step_is_forgiven(cluster, main):
    lease_of_a_clock_ahead(cluster, 0.03)
    cluster.connect("main").run(WRITE)
    main.renew_lease(1, main.beat(), 3)


def test_the_watch_lets_such_a_primary_go_on_in_a_new_epoch(cluster, main):
    lease_of_a_clock_ahead(cluster)
    watch = Watch.configured(cluster.conf)
    tick = watch.tick()
    watch.close()
    assert (tick.decision.action, tick.failed) == (Action.RESUME, False), tick.sentence
    assert main.lease_epoch() == 2


def test_never_two_writable_nodes_and_no_silent_wait(cluster, main):
    """Lease and consents lie in the future, and Main is frozen."""
    said: list[str] = []
    with observed(cluster):
        lease_of_a_clock_ahead(cluster)
        for name in ("node_a", "node_b"):
            consent_of_a_clock_ahead(cluster, name)
        cluster.freeze("main")
        nodes = cluster.fresh_nodes()
        began = time.monotonic()
        with reporting_steps(said.append):
            promote_node_a(nodes, reason="test", lease_seconds=cluster.conf.lease_seconds)
        assert time.monotonic() - began < 20
        cluster.resume("main")
        assert "holds no valid write lease" in refusal(cluster.connect("main"), WRITE)
    assert any("has consented to a lease of epoch 1: waiting until " in sentence for sentence in said)


def test_a_consent_lasts_no_longer_than_was_consented(cluster, main):
    vice = cluster.nodes[NodeName.NODE_A]
    vice.consent(1, 1.0)
    longest = vice.state().consent_seconds
    consent_of_a_clock_ahead(cluster, "node_a")
    assert vice.state().consent_seconds <= longest + 1.0
    with pytest.raises(ConsentRunning) as running:
        vice.claim(2)
    assert running.value.seconds <= longest + 0.1
    time.sleep(running.value.seconds + 0.05)
    vice.claim(2)


def test_a_later_consent_does_not_prolong_one_of_a_clock_ahead(cluster, main):
    vice = cluster.nodes[NodeName.NODE_A]
    vice.consent(1, 1.0)
    consent_of_a_clock_ahead(cluster, "node_a")
    vice.consent(1, 1.0)
    with pytest.raises(ConsentRunning) as running:
        vice.claim(2)
    assert running.value.seconds < 5
