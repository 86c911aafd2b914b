"""A primary without a second node: it stops, unless the settings or an operator let it go on."""

import time

import pytest

from cluster.actions.steps.observe import observe
from cluster.protocol.errors import NOT_ACKNOWLEDGED, NOT_WRITABLE, NodeFailed
from cluster.protocol.names import NodeName, Solo
from tests.harness.checker import check_epochs
from tests.harness.console import Console

pytestmark = pytest.mark.faults

WRITE = "INSERT INTO test_counter VALUES (%s, 0, '')"


@pytest.fixture
def local(servers):
    """CLUSTER_DURABILITY=local."""
    servers.overrides["CLUSTER_DURABILITY"] = "local"
    yield
    servers.overrides.clear()


def write(cluster, name: str, key: int) -> None:
    """One acknowledged row."""
    app = cluster.connect(name)
    app.run("SET @current_transaction_id = %s", (f"alone-{key}",))
    app.run(WRITE, (key,))
    app.rows("CALL await_acknowledgement(%s, NULL)", (f"alone-{key}",))


def assert_takes_none(cluster, name: str, key: int) -> None:
    """Assert that a node takes no write."""
    with pytest.raises(NodeFailed) as refused:
        write(cluster, name, key)
    assert refused.value.code == NOT_WRITABLE


def outlast_the_lease(cluster) -> None:
    time.sleep(cluster.conf.lease_seconds + 1)


def test_main_alone_stops_within_its_lease(cluster):
    cluster.settle()
    cluster.kill("node_a")
    cluster.kill("node_b")
    with pytest.raises(NodeFailed) as refused:
        write(cluster, "main", 1)
    assert refused.value.code == NOT_ACKNOWLEDGED
    outlast_the_lease(cluster)
    assert_takes_none(cluster, "main", 2)


def test_with_local_durability_main_goes_on_alone_and_says_so(local, cluster):
    cluster.manage("setup_nodes")
    cluster.settle()
    cluster.kill("node_a")
    cluster.kill("node_b")
    outlast_the_lease(cluster)
    write(cluster, "main", 1)
    said = " ".join(cluster.manage("cluster_status").stdout.split())
    assert "Main takes the writes alone: no second node confirms them." in said
    cluster.start("node_a")
    cluster.start("node_b")
    cluster.settle()


def test_with_local_durability_silent_nodes_are_not_taken_for_dead(local, cluster):
    cluster.manage("setup_nodes")
    cluster.settle()
    cluster.freeze("node_a")
    cluster.freeze("node_b")
    outlast_the_lease(cluster)
    assert_takes_none(cluster, "main", 1)
    cluster.resume("node_a")
    cluster.resume("node_b")


def test_a_forced_node_a_takes_writes_alone_and_the_others_join_it(cluster):
    cluster.settle()
    cluster.kill("main")
    cluster.kill("node_b")
    assert "2 of 3" not in cluster.manage("promote_node_a").stdout
    refused = cluster.manage("promote_node_a", "--force", input="main\n")
    assert (refused.returncode, cluster.nodes[NodeName.NODE_A].lease_epoch()) == (1, None)
    assert "Node A would be the primary with its own vote alone." in refused.stderr
    assert "kept as orphaned transactions" in refused.stderr
    done = cluster.manage("promote_node_a", "--force", input="node_a\n")
    assert done.returncode == 0, done.stderr
    outlast_the_lease(cluster)
    with pytest.raises(NodeFailed) as unknown:
        write(cluster, "node_a", 1)
    assert unknown.value.code == NOT_ACKNOWLEDGED
    cluster.start("node_b")
    cluster.start("main")
    cluster.manage("recover_main")
    cluster.settle()
    write(cluster, "node_a", 2)
    view = observe(cluster.nodes)
    assert (view.primary.name, view.primary.led) == (NodeName.NODE_A, 3)
    check_epochs(cluster.connect("main").rows("SELECT * FROM transaction_log ORDER BY log_id, epoch"))


def test_force_is_refused_where_a_majority_answers(cluster):
    cluster.settle()
    cluster.kill("main")
    done = cluster.manage("promote_node_a", "--force", input="node_a\n")
    assert done.returncode == 1
    assert "need not be forced" in done.stderr


@pytest.mark.parametrize(
    ("name", "call"), [(NodeName.NODE_B, "catch_up"), (NodeName.MAIN, "recover_from_node_a")]
)
def test_force_ends_once_another_node_follows_by_the_sql_console(cluster, name, call):
    """Without a replicator, too: whoever catches up says so to Node A before it may vote for the third."""
    cluster.settle()
    cluster.kill("main")
    cluster.kill("node_b")
    node_a = cluster.nodes[NodeName.NODE_A]
    assert cluster.manage("promote_node_a", "--force", input="node_a\n").returncode == 0
    cluster.replicator.stop(writers_carry=True)
    assert node_a.state().solo is Solo.WHEN_SILENT
    cluster.start(name)
    console = Console(cluster)
    console.says("node_a", "CALL keep_lease()")
    console.says(name, f"CALL {call}()")
    assert node_a.state().solo is Solo.NEVER


def test_force_ends_once_another_node_follows(cluster):
    """Node B has joined and falls silent: it may vote for Main behind the cut, so Node A stops within its lease."""
    cluster.settle()
    cluster.kill("main")
    cluster.kill("node_b")
    node_a = cluster.nodes[NodeName.NODE_A]
    assert cluster.manage("promote_node_a", "--force", input="node_a\n").returncode == 0
    assert node_a.state().solo is Solo.WHEN_SILENT
    cluster.start("node_b")
    cluster.settle()
    write(cluster, "node_a", 1)
    assert node_a.state().solo is Solo.NEVER
    cluster.freeze("node_b")
    outlast_the_lease(cluster)
    assert_takes_none(cluster, "node_a", 2)
    cluster.resume("node_b")
