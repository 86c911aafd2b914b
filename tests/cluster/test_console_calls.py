"""A node calls the primitives of another one from SQL, and a script alone sets a node up."""

import json
import subprocess
import sys
import time

import pytest
from django.core.management import call_command

from cluster.actions.maintenance.rebuild import take_definitions
from cluster.actions.maintenance.setup import check, console_script, set_up
from cluster.local import free_ports
from cluster.nodes.schema.install import Status
from cluster.protocol.names import Mode, NodeName
from tests.harness.console import Console
from tests.harness.forking import ROOT

CALL = "CALL rpc_call('{peer}', '{verb}', {epoch}, {argument}, @answer, @problem); SELECT @answer, @problem;"
ENTRIES = """SET SESSION group_concat_max_len = 60000000;
CALL entries_after(0, 1000000, @entries);"""


@pytest.fixture
def console(cluster):
    return Console(cluster)


def call(
    console: Console, node: str, peer: str, verb: str, epoch: int = 1, argument: str = "NULL"
) -> list[str]:
    """Return the answer and the problem."""
    text = CALL.format(peer=peer, verb=verb, epoch=epoch, argument=argument)
    return console.says(node, text).split("\t")


def test_a_claim_by_call_closes_the_primary(cluster, console):
    cluster.replicator.stop(writers_carry=True)
    answer, problem = call(console, "node_a", "main", "claim", 2)
    assert (json.loads(answer)["claimed"], problem) == ("1", "NULL")
    state = cluster.nodes[NodeName.MAIN].state()
    assert (state.promised, state.mode, state.writable) == (2, Mode.RECOVERING, False)
    assert "is in RECOVERING mode" in console.refused("main", "INSERT INTO test_counter VALUES (1, 1, '')")


def test_a_consent_holds_a_claim_off_and_a_rival_is_refused(cluster, console):
    cluster.replicator.stop(writers_carry=True)
    assert call(console, "main", "node_b", "consent", 1, "3") == ["NULL", "NULL"]
    answer = json.loads(call(console, "node_a", "node_b", "claim", 2)[0])
    assert (answer["claimed"], answer["consent_seconds"] > 2) == ("0", True)
    assert (
        call(console, "node_a", "node_b", "consent", 9, "3")[1]
        == "stale epoch 9: this node has promised epoch 1."
    )


def test_a_frozen_peer_costs_two_seconds_once(cluster, console):
    cluster.replicator.stop(writers_carry=True)
    cluster.servers.local[NodeName.NODE_A].freeze()
    times = []
    for _ in range(3):
        began = time.monotonic()
        assert "no answer within 1.8 s" in call(console, "main", "node_a", "state")[1]
        times.append(time.monotonic() - began)
    assert 1.5 < times[0] < 2.5
    assert max(times[1:]) < 0.2


def test_a_record_that_changed_often_is_as_quick_to_store_as_another(cluster, console):
    console.says("main", "INSERT INTO test_counter VALUES (1, 0, '')")
    main = cluster.connect("main", "cluster")
    for value in range(200):
        main.run("SET @current_transaction_id = NULL")
        main.run("UPDATE test_counter SET value = %s WHERE id = 1", (value + 1,))
    cluster.settle()
    reads = console.says(
        "node_a",
        """SELECT secret INTO @federated_operation FROM apply_secret;
        FLUSH STATUS;
        SELECT CONCAT('[[1,', MAX(log_id), ']]') INTO @newest FROM transaction_log;
        CALL store_entries(@newest);
        SELECT SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS
        WHERE VARIABLE_NAME IN ('Handler_read_key', 'Handler_read_next', 'Handler_read_prev');""",
    )
    assert int(float(reads)) < 50


def test_a_call_that_no_trigger_has_answered_is_not_done(cluster, console):
    console.says("node_a", "DROP TRIGGER inbox_answer")
    try:
        assert "the call was not kept there" in call(console, "main", "node_a", "consent", 1, "3")[1]
    finally:
        set_up(NodeName.NODE_A)


def test_a_link_whose_table_has_changed_is_made_anew(cluster, console):
    console.says("main", "ALTER TABLE inbox DROP COLUMN answered")  # as an older version left it
    console.says("main", "DROP TABLE call_node_a; DROP TABLE call_node_b")
    console.says("node_a", "ALTER TABLE inbox DROP COLUMN answered")
    console.says("main", "CALL link_peers()")
    assert "Unknown column" in call(console, "main", "node_a", "state")[1]
    for name in (NodeName.MAIN, NodeName.NODE_A):
        set_up(name)
    assert "call_node_a\tmade" in console.says("main", "CALL link_peers()")
    assert call(console, "main", "node_a", "state")[1] == "NULL"


def test_the_script_needs_no_server(cluster):
    nowhere = dict(zip(NodeName, free_ports(len(NodeName)), strict=True))
    done = subprocess.run(
        [sys.executable, "manage.py", "sqlconsole", "--node", "main"],
        env=cluster.servers.environment(nowhere),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ports = [str(port) for name, port in nowhere.items() if name is not NodeName.MAIN]
    assert all(f"PORT {port}," in done.stdout for port in ports)


def test_the_script_sets_a_node_up(cluster, console, capsys):
    cluster.replicator.stop(writers_carry=True)
    call_command("sqlconsole", "--node", "node_b")
    script = capsys.readouterr().out
    assert script == console_script(NodeName.NODE_B)
    root, database = cluster.connect("node_b", "root"), cluster.servers.local[NodeName.NODE_B].database
    root.run(f"DROP DATABASE `{database}`")
    for _ in range(2):
        done = console.run("node_b", script, database=False)
        assert done.returncode == 0, done.stderr[-400:]
        assert "MISSING" not in done.stdout
    assert [item for item in check([NodeName.NODE_B]) if item.status is not Status.INSTALLED] == []
    definitions = console.says("node_b", "SHOW CREATE TABLE call_main; SHOW CREATE TABLE title_ft_main;")
    assert cluster.conf.cluster.password not in definitions
    # It makes tables as the models say; what migrations left in them besides is the primary's to give.
    take_definitions(cluster.nodes[NodeName.MAIN], cluster.nodes[NodeName.NODE_B])
