"""A node that is new or half rebuilt has no vote, and acknowledges nothing."""

import json
import time
from collections.abc import Callable

import pytest
from django.db import connections

from cluster.actions.failover.failover import promote_node_a
from cluster.actions.maintenance.setup import set_up
from cluster.actions.steps.observe import observe
from cluster.protocol.errors import NodeFailed, NoMajority, Refused, StaleEpoch
from cluster.protocol.names import Mode, NodeName
from tests.harness.rebuilds import Cut, add, compared, cut_after, rebuilt
from tests.harness.waiting import wait_for

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture
def main(cluster):
    return cluster.connect(MAIN)


@pytest.fixture
def withdrawn(cluster, main, wipe):
    """Node B, wiped and half rebuilt."""
    add(main, 20)
    cluster.settle()
    wipe(NODE_B)
    with pytest.raises(Cut):
        rebuilt(cluster, NODE_B, progress=cut_after(3))
    return cluster.nodes[NODE_B]


def is_refused(question: Callable[[], object]) -> bool:
    try:
        question()
    except StaleEpoch as error:
        return "is being rebuilt" in str(error)
    return False


def refuses_everything(cluster, node) -> None:
    entries = cluster.nodes[MAIN].read_log(10, 5).entries
    assert entries
    questions = {
        "claim": lambda: node.claim(5),
        "consent": lambda: node.consent(1, 1.0),
        "follow": lambda: node.follow(1),
        "reconcile": lambda: node.append(1, entries, boundary=True),
        "push": lambda: node.append(1, entries, boundary=False),
        "orphaned": lambda: node.orphan_entries(1, []),
        "write promotion": lambda: node.write_promotion(1, "{}"),
        "open writes": lambda: node.open_writes(1, Mode.REPLICA, 8e9, 9),
        "renew lease": lambda: node.renew_lease(1, 8e9, 9),
    }
    assert [name for name, question in questions.items() if not is_refused(question)] == []
    assert node.state().promised == -1


class TestABlankNode:
    """It lost its disk and was only set up: it may have acknowledged what it does not hold any more."""

    @pytest.fixture
    def blank(self, cluster, main, wipe):
        add(main, 20)
        cluster.settle()
        wipe(NODE_A)
        set_up(NODE_A)
        connections[NODE_A].close()
        return cluster.nodes[NODE_A]

    def test_it_is_not_fed(self, cluster, main, blank):
        add(main, 1, first=100)
        time.sleep(1.5)
        assert (blank.state().promised, blank.state().entries) == (0, 0)
        facts = json.loads(cluster.manage("cluster_status", "--json").stdout)
        assert "run rebuild_node node_a" in facts["sentence"]

    @pytest.mark.parametrize("verb", [["recover_node", "node_a"], ["switchover", "--to", "node_a"]])
    def test_it_is_not_recovered(self, cluster, blank, verb):
        refused = cluster.manage(*verb)
        assert refused.returncode == 1
        assert "node_a" in refused.stderr
        assert blank.state().promised == 0

    def test_it_has_no_vote(self, cluster, blank):
        cluster.replicator.stop()
        cluster.kill(MAIN)
        refused = cluster.manage("promote_node_a")
        assert refused.returncode == 1
        assert "rebuild_node node_a" in refused.stderr
        assert blank.state().promised == 0

    def test_rebuilt_it_has_one(self, cluster, main, blank):
        rebuilt(cluster, NODE_A)
        cluster.kill(MAIN)
        promote_node_a(cluster.nodes, reason="a test", lease_seconds=cluster.conf.lease_seconds)
        assert cluster.primary() is NODE_A


def test_a_half_rebuilt_node_has_no_vote_until_the_rebuild_has_ended(cluster, withdrawn):
    refuses_everything(cluster, withdrawn)
    cluster.kill(NODE_B)
    cluster.start(NODE_B)
    withdrawn.close()
    refuses_everything(cluster, withdrawn)
    connections[NODE_B].close()
    set_up(NODE_B)
    refuses_everything(cluster, withdrawn)
    rebuilt(cluster, NODE_B)
    assert withdrawn.state().promised == 1
    withdrawn.consent(1, 0.1)


def test_a_half_rebuilt_node_acknowledges_nothing(cluster, main, withdrawn):
    cluster.kill(NODE_A)
    main.run("UPDATE test_counter SET value = 1 WHERE id = 1")
    id = main.row("SELECT transaction_id FROM transaction_log ORDER BY log_id DESC LIMIT 1")[0]
    with pytest.raises(NodeFailed, match="no second node confirmed"):
        main.rows("CALL await_acknowledgement(%s, 0.5)", (id,))


def test_nobody_is_promoted_with_a_half_rebuilt_node(cluster, withdrawn):
    cluster.replicator.stop()
    cluster.kill(MAIN)
    with pytest.raises(NoMajority, match="Only 1 of 3"):
        promote_node_a(cluster.nodes, reason="a test", lease_seconds=cluster.conf.lease_seconds)


def test_a_primary_that_only_lacks_the_consent_of_the_node_is_copied_too(cluster, main):
    add(main, 20)
    cluster.settle()
    cluster.kill(NODE_A)
    with pytest.raises(Cut):
        rebuilt(cluster, NODE_B, progress=cut_after(1))
    wait_for(lambda: cluster.primary() is None)
    assert rebuilt(cluster, NODE_B).source is MAIN
    cluster.wait_for_primary(MAIN)
    add(main, 1, first=100)
    cluster.start(NODE_A)
    cluster.settle(timeout=20.0)
    assert compared(cluster).equal


def test_a_node_that_lost_its_data_honours_a_consent_it_may_have_given(cluster, main, wipe):
    wipe(NODE_B)
    began = time.time()
    rebuilt(cluster, NODE_B)
    # It may have run out by now: set-up takes about as long as a lease.
    (until,) = cluster.nodes[NODE_B].connection.row(
        "SELECT config_value FROM node_config WHERE config_key = 'consent_until'"
    )
    assert began + cluster.conf.lease_seconds < float(until) < time.time() + cluster.conf.lease_seconds * 1.2


def test_a_node_that_kept_its_data_keeps_its_promise(cluster, main):
    cluster.replicator.stop()
    node = cluster.nodes[NODE_B]
    cluster.connect(NODE_B, "root").run("UPDATE node_config SET config_value = 8 WHERE config_key = 'epoch'")
    with pytest.raises(Refused, match="Node B has promised epoch 8"):
        rebuilt(cluster, NODE_B)
    assert node.state().promised == 8


def test_without_data_both_other_nodes_must_vouch(cluster, main, wipe):
    wipe(NODE_B)
    cluster.kill(NODE_A)
    with pytest.raises(Refused, match=r"Node B has lost its data.*Node A cannot be asked"):
        rebuilt(cluster, NODE_B)
    cluster.start(NODE_A)
    cluster.connect(NODE_A, "root").run("UPDATE node_config SET config_value = 4 WHERE config_key = 'epoch'")
    with pytest.raises(Refused, match="Node A has promised epoch 4, above the primary's 1"):
        rebuilt(cluster, NODE_B)


def test_a_new_epoch_on_the_way_ends_the_attempt(cluster, main, withdrawn):
    def hand_over(_count: int) -> None:
        if observe(cluster.nodes).primary.name is MAIN:
            cluster.manage("switchover", "--to", "node_a")

    with pytest.raises(Refused, match="Main does not lead epoch 1 any more"):
        rebuilt(cluster, NODE_B, progress=hand_over)
    refuses = withdrawn.state().promised
    assert refuses < 0
    assert rebuilt(cluster, NODE_B).source is NODE_A
    cluster.settle()
    assert compared(cluster).equal
