"""pause, resume, check_main_health and monitor as an operator runs them."""

import json

from cluster.protocol.names import NodeName


def automatic(cluster) -> bool:
    return bool(json.loads(cluster.manage("cluster_status", "--json").stdout)["automatic"])


def test_check_main_health_says_that_all_is_well(cluster):
    cluster.settle()
    done = cluster.manage("check_main_health")
    assert (done.returncode, done.stdout) == (0, "Main is healthy. Node A remains in VICE mode.\n")


def test_a_pause_is_kept_by_the_nodes_and_ends(cluster):
    cluster.settle()
    assert automatic(cluster)
    assert cluster.manage("pause").stdout.startswith("Automation is paused.")
    assert not automatic(cluster)
    assert "Automation is paused since" in cluster.manage("cluster_status").stdout.replace("\n", " ")
    cluster.kill("main")
    done = cluster.manage("check_main_health", "--json")
    assert json.loads(done.stdout)["action"] == "nothing"
    assert "Run promote_node_a to promote Node A." in json.loads(done.stdout)["sentence"]
    assert cluster.manage("resume").stdout.startswith("Automation is on again.")
    done = cluster.manage("check_main_health", "--json")
    assert json.loads(done.stdout)["action"] == "fail over"
    assert cluster.nodes[NodeName.NODE_A].lease_epoch() == 2


def test_a_node_that_was_away_does_not_undo_a_pause(cluster):
    cluster.settle()
    cluster.kill("node_b")
    assert cluster.manage("pause").returncode == 0
    cluster.start("node_b")
    assert not automatic(cluster)


def test_a_pause_that_no_majority_keeps_is_refused(cluster):
    cluster.settle()
    cluster.kill("node_b")
    cluster.kill("node_a")
    done = cluster.manage("pause")
    assert done.returncode == 1
    assert "Only 1 of 3 nodes keep the decision" in done.stderr
