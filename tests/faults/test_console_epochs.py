"""The SQL console closes and opens nodes under the rules of the verbs: an epoch for each order, no lease run over."""

import threading
import time
from dataclasses import replace

import pytest

from cluster.actions.failover.promote import promote
from cluster.actions.maintenance.setup import set_up
from cluster.protocol.errors import NOT_WRITABLE, NodeFailed
from cluster.protocol.names import Mode, NodeName
from tests.harness.console import Console
from tests.harness.introductions import introduce

pytestmark = pytest.mark.faults

MAIN, NODE_A, NODE_B = NodeName
WRITE = "INSERT INTO test_counter VALUES (%s, 0, '')"
FETCHING = "SELECT CONCAT('Fetching missed transactions from ', v_source, '...') AS message;"


@pytest.fixture
def console(cluster):
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    return Console(cluster)


@pytest.fixture
def local(servers):
    """CLUSTER_DURABILITY=local."""
    servers.overrides["CLUSTER_DURABILITY"] = "local"
    yield
    servers.overrides.clear()


def test_a_late_recovery_closes_no_newer_primary(cluster, console):
    root = cluster.connect("main", "root", 20.0)
    made = root.row("SHOW CREATE PROCEDURE recover_from_node_a")[2]
    assert FETCHING in made
    lease = cluster.conf.lease_seconds
    nodes = cluster.nodes
    promote(nodes[NODE_A], [nodes[MAIN], nodes[NODE_B]], reason="test", lease_seconds=lease)
    # As after a restart: Main has not noticed that it was replaced.
    root.run("UPDATE node_config SET config_value = 'PRIMARY' WHERE config_key = 'node_mode'")
    root.run("SELECT GET_LOCK('held up', 0)")
    root.run("DROP PROCEDURE recover_from_node_a")
    root.run(made.replace(FETCHING, f"{FETCHING} DO GET_LOCK('held up', 20);"))
    said = []
    late = threading.Thread(target=lambda: said.append(console.run("main", "CALL recover_from_node_a()")))
    try:
        late.start()
        deadline = time.monotonic() + 10
        waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"
        while root.row(waiting)[0] == 0:
            assert time.monotonic() < deadline, said
            time.sleep(0.02)
        # Main was in RECOVERING or closed by the claim; an operator makes it the primary meanwhile.
        promote(nodes[MAIN], [nodes[NODE_A], nodes[NODE_B]], reason="test", lease_seconds=30.0)
        root.run("SELECT RELEASE_LOCK('held up')")
        late.join(30)
    finally:
        root.run("DROP PROCEDURE recover_from_node_a")
        root.run(made)
        set_up(MAIN)  # who may call it went with it
    state = nodes[MAIN].state()
    assert state.writable, said
    assert "45000" in said[0].stderr


@pytest.mark.parametrize("call", ["check_main_health()", "promote_to_acting_master()"])
def test_a_lease_without_consent_runs_out_before_node_a_opens(local, cluster, call):
    cluster.manage("setup_nodes")
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    console = Console(cluster)
    time.sleep(cluster.conf.lease_seconds * 1.1 + 0.2)  # every consent has run out
    main = cluster.nodes[MAIN]
    real = cluster.conf.nodes
    introduce(cluster, NODE_A, dict(real) | {MAIN: replace(real[MAIN], port=1)})
    try:
        main.renew_lease(1, main.beat(), cluster.conf.lease_seconds)
        app = cluster.connect("main")
        app.run(WRITE, (1,))
        said = console.says("node_a", f"CALL {call}")
        assert "promoted to ACTING_MASTER successfully" in said
        with pytest.raises(NodeFailed) as refused:
            app.run(WRITE, (2,))
        assert refused.value.code == NOT_WRITABLE
    finally:
        introduce(cluster, NODE_A, real)


def test_both_programs_agree_who_may_go_on_alone(cluster, console):
    for durability in ("quorum", "local"):
        console.says(
            "node_a", f"UPDATE node_config SET config_value = '{durability}' WHERE config_key = 'durability'"
        )
        said = console.says("node_a", "SELECT JSON_VALUE(own_state(), '$.solo')")
        assert said == cluster.nodes[NODE_A].state().solo.value
    console.says("node_a", "UPDATE node_config SET config_value = 'quorum' WHERE config_key = 'durability'")


UNFIT = {
    "quarantined": (
        "INSERT INTO quarantined_entry VALUES ('test_counter', '1', 1, 1, 'a test', UTC_TIMESTAMP(6))",
        "DELETE FROM quarantined_entry",
    ),
    "defect": (
        "REPLACE INTO node_config (config_key, config_value) VALUES ('defect', 'a table has no trigger.')",
        "DELETE FROM node_config WHERE config_key = 'defect'",
    ),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_node_that_is_unfit_is_not_promoted(cluster, console, kind):
    """Nor claimed for it: the refusal comes first, in the words of the command."""
    break_it, mend_it = UNFIT[kind]
    console.says("node_a", break_it)
    cluster.kill("main")
    node_a = cluster.nodes[NODE_A]
    before = node_a.state()
    assert before.unfit
    said = console.refused("node_a", "CALL promote_to_acting_master()")
    assert f"Node A cannot be promoted: {before.unfit}" in said
    after = node_a.state()
    assert (after.mode, after.promised) == (before.mode, before.promised)
    console.says("node_a", mend_it)
    assert "promoted to ACTING_MASTER" in console.says("node_a", "CALL promote_to_acting_master()")
    cluster.start("main")
    console.says("main", "CALL recover_from_node_a()")
    console.says("main", break_it)
    said = console.refused("node_a", "CALL demote_to_vice()")
    assert f"Node A cannot hand over: {cluster.nodes[MAIN].state().unfit}" in said
    assert cluster.nodes[NODE_A].state().mode is Mode.ACTING_MASTER  # nobody renews its lease here
    console.says("main", mend_it)
    assert "Node A demoted back to VICE mode." in console.says("node_a", "CALL demote_to_vice()")
