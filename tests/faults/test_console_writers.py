"""How long a plain SQL client that writes waits for nodes that are silent or gone."""

import time

import pytest

from cluster.protocol.names import NodeName
from tests.harness.console import Console

pytestmark = [pytest.mark.faults]

OLD = """SET @current_transaction_id = 'old';
CALL keep_lease();
INSERT INTO test_counter VALUES (1, 1, '');
CALL await_acknowledgement('old', 2);"""


@pytest.fixture
def console(cluster):
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    return Console(cluster)


def insert(number: int) -> str:
    """Return a title through the public procedure."""
    return f"CALL distributed_insert('tt900000{number}', 'T', 1, NULL, 0, 2000)"


def test_a_node_a_just_promoted_does_not_wait_for_the_frozen_main(cluster, console):
    cluster.servers.local[NodeName.MAIN].freeze()
    assert cluster.manage("promote_node_a").returncode == 0
    began = time.monotonic()
    assert "is stored" in console.says("node_a", insert(1))
    assert time.monotonic() - began < 1.0


def test_a_write_of_the_epoch_before_is_not_carried_to_the_frozen_main(cluster, console):
    """Its writer asks the new primary, which has it: the promotion has brought it to a second node."""
    console.says("main", OLD)
    cluster.servers.local[NodeName.MAIN].freeze()
    assert cluster.manage("promote_node_a").returncode == 0
    began = time.monotonic()
    console.says("node_a", "CALL await_acknowledgement('old', 2)")
    assert time.monotonic() - began < 1.0


def test_who_waits_for_silent_nodes_hears_so_at_its_deadline(cluster, console):
    console.says("main", insert(1))
    for name in (NodeName.NODE_A, NodeName.NODE_B):
        cluster.servers.local[name].freeze()
    began = time.monotonic()
    said = console.refused(
        "main",
        "SET @current_transaction_id = 'late'; INSERT INTO test_counter VALUES (2, 1, '');"
        "CALL await_acknowledgement('late', 0.5);",
    )
    assert "no second node confirmed it in time" in said
    assert time.monotonic() - began < 1.6


def test_a_writer_may_wait_as_long_as_it_likes(cluster, console):
    console.says(
        "main",
        "SET @current_transaction_id = 'patient'; CALL keep_lease(); INSERT INTO test_counter VALUES (3, 1, '');"
        "CALL await_acknowledgement('patient', 86400);",
    )
    assert console.says("node_a", "SELECT id FROM test_counter") == "3"


def test_writers_find_a_returned_node_by_themselves(cluster, console):
    """Without a look by anybody, and although the one that it stands in for goes next."""
    cluster.kill("node_a")
    for number in (1, 2):
        console.says("main", insert(number))
    cluster.start("node_a")
    console.says("node_a", "CALL catch_up()")
    time.sleep(2.1)
    console.says("main", insert(3))
    time.sleep(0.5)
    cluster.kill("node_b")
    assert "is stored" in console.says("main", insert(4))
