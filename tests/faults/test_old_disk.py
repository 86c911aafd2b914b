"""A node comes back with an older copy of its disk: it has forgotten what it acknowledged and promised."""

import shutil
import time

import pytest

from cluster.actions.failover.check_health import Watch
from cluster.actions.failover.force import force, risks
from cluster.actions.steps.observe import observe
from cluster.protocol.decide import Action
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.protocol.staleness import TOLERATED_ROUNDS, set_back
from tests.harness.console import Console

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

MAIN, NODE_A, NODE_B = NodeName
WRITE = "INSERT INTO test_specimen (id, note) VALUES (%s, 'kept')"
KEPT = "SELECT COUNT(*) FROM test_specimen"


@pytest.fixture
def disks(cluster, tmp_path):
    """Return what keeps copies of data directories, and puts them back."""

    class Disks:
        def keep(self, name: NodeName) -> None:
            cluster.kill(name)
            shutil.copytree(cluster.servers.local[name].data, tmp_path / name)
            cluster.start(name)

        def put_back(self, name: NodeName) -> None:
            cluster.kill(name)
            shutil.rmtree(cluster.servers.local[name].data)
            shutil.copytree(tmp_path / name, cluster.servers.local[name].data)

    return Disks()


def own_round(cluster, name: NodeName) -> int:
    """Return the newest round in which a node took part."""
    return cluster.nodes[name].state().rounds[name]


def wait_for_round(cluster, name: NodeName, of: NodeName, aim: int) -> None:
    """Until a node remembers that round of a node."""
    node = cluster.nodes[name]
    deadline = time.monotonic() + 20
    while node.state().rounds[of] < aim:
        assert time.monotonic() < deadline, node.state().rounds
        time.sleep(0.1)


def acknowledged(cluster, *numbers: int) -> None:
    """Write what a second node confirms."""
    app = cluster.connect("main", timeout=15.0)
    for number in numbers:
        app.run("SET @current_transaction_id = %s", (f"w{number}",))
        app.run(WRITE, (number,))
        app.rows("CALL await_acknowledgement(%s, 10)", (f"w{number}",))
    app.close()


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "unwitnessed"])
def test_nobody_is_promoted_by_the_vote_of_an_older_disk(cluster, operator, disks, remembered):
    """Main is killed while Node B is put back. Node A was away meanwhile, and remembers Node B or not."""
    acknowledged(cluster, 1, 2)
    cluster.settle()
    if remembered:
        disks.keep(NODE_B)
        wait_for_round(cluster, NODE_A, NODE_B, own_round(cluster, NODE_B) + 1)
        cluster.kill(NODE_A)
    else:
        wait_for_round(cluster, NODE_A, NODE_B, 1)
        left_in = own_round(cluster, NODE_A) + 1  # it may take part in one more
        cluster.kill(NODE_A)
        wait_for_round(cluster, MAIN, NODE_B, left_in + TOLERATED_ROUNDS + 1)
        disks.keep(NODE_B)
        wait_for_round(cluster, MAIN, NODE_B, own_round(cluster, NODE_B) + 1)
    acknowledged(cluster, 3, 4, 5)
    cluster.kill(MAIN)
    disks.put_back(NODE_B)
    cluster.start(NODE_A)
    cluster.start(NODE_B)
    node_b = "The data of Node B is older than it was" if remembered else "Node B was restarted"

    with pytest.raises(ClusterError, match=node_b):
        operator.promote_node_a()
    assert node_b in Console(cluster).refused("node_a", "CALL promote_to_acting_master()")
    watch = Watch.configured(cluster.conf)
    for _ in range(4):
        decision = watch.tick().decision
    watch.close()
    assert decision.action is Action.NOTHING
    assert decision.alarm
    assert node_b in decision.sentence
    assert "promote_node_a --force" in decision.sentence

    if not remembered:
        view = observe(operator.nodes)
        assert any(node_b in risk for risk in risks(view, NODE_A))
        force(operator.nodes, view, NODE_A, reason="a test", lease_seconds=operator.lease_seconds)
        cluster.start(MAIN)
        assert operator.recover(MAIN).orphaned == 3
        cluster.settle()
        assert cluster.connect(NODE_B).row(KEPT) == (2,)
        return
    cluster.start(MAIN)
    operator.give_writes(MAIN)
    cluster.settle()
    for name in NodeName:
        assert cluster.connect(name).row(KEPT) == (5,)
    wait_for_round(cluster, MAIN, NODE_B, own_round(cluster, NODE_B) + 1)
    assert set_back(node.state() for node in cluster.nodes.values()) == {}
    assert any(node_b in said for said in cluster.replicator.said)


def test_a_restart_alone_costs_no_vote(cluster, operator):
    """Main, and in the same moment Node A and Node B, are killed; the two come back with what they had."""
    acknowledged(cluster, 1)
    cluster.settle()
    wait_for_round(cluster, NODE_A, NODE_B, 1)
    for name in NodeName:
        cluster.kill(name)
    cluster.start(NODE_A)
    cluster.start(NODE_B)
    assert not cluster.nodes[NODE_B].state().in_sync
    operator.promote_node_a()
    assert cluster.connect(NODE_A).row(KEPT) == (1,)


def test_a_primary_goes_on_with_a_node_that_was_put_back_once_it_has_recovered(cluster, operator, disks):
    """Node A is away and Main was restarted too: an operator decides that Main is right."""
    cluster.settle()
    disks.keep(NODE_B)
    wait_for_round(cluster, MAIN, NODE_B, own_round(cluster, NODE_B) + 1)
    cluster.kill(NODE_A)
    acknowledged(cluster, 1, 2)
    cluster.kill(MAIN)
    disks.put_back(NODE_B)
    cluster.start(MAIN)
    cluster.start(NODE_B)
    with pytest.raises(ClusterError, match="The data of Node B is older"):
        operator.give_writes(MAIN)
    operator.recover(NODE_B)
    operator.give_writes(MAIN)
    assert cluster.connect(NODE_B).row(KEPT) == (2,)
    acknowledged(cluster, 3)
