"""The commands as an operator runs them: sentences, JSON, end codes, refusals, deadlines."""

import re

from cluster.protocol.names import NodeName
from tests.harness.commands import facts, lines, reason, write
from tests.harness.sql import refusal, row_entries

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
VERBS = [
    "cluster_status", "demote_node_a", "promote_node_a", "recover_main", "recover_node", "replicate",
    "setup_nodes", "switchover",
]  # fmt: skip


def test_the_story_of_a_failover_and_the_way_back(cluster):
    write(cluster, "main", 1)
    cluster.settle()
    cluster.kill("main")
    assert lines(cluster.manage("promote_node_a")) == [
        "Node A promoted to ACTING_MASTER successfully. Node A can now accept write operations."
    ]
    assert lines(cluster.manage("promote_node_a")) == ["Node A is already in ACTING_MASTER mode."]
    write(cluster, "node_a", 2, 3)
    cluster.start("main")
    assert reason(cluster.manage("demote_node_a")) == (
        "Main is 3 entries behind Node A; run recover_main first."
    )
    told = lines(cluster.manage("recover_main"))
    assert re.fullmatch(f"Main last transaction was at: {STAMP}", told[0])
    assert told[1:] == [
        "Fetching missed transactions from Node A...",
        "Recovery complete. Replayed 2 transactions from Node A.",
        "Next step: Call demote_to_vice() on Node A to restore normal operation.",
    ]
    assert lines(cluster.manage("demote_node_a")) == [
        "Node A demoted back to VICE mode. Main node is primary again."
    ]
    assert lines(cluster.manage("demote_node_a")) == ["Node A is already in VICE mode."]
    assert refusal(cluster.connect("node_a"), "DELETE FROM test_counter") == (
        "Node A is in VICE mode. Please use Main node for writes."
    )
    write(cluster, "main", 4)
    cluster.settle()
    logs = [row_entries(cluster.connect(name)) for name in NodeName]
    assert logs[0] == logs[1] == logs[2]
    assert [record for *_, record in logs[0]] == ["1", "2", "3", "4"]


def test_recovery_run_twice_counts_the_same(acting):
    acting.start("main")
    counts = [lines(acting.manage("recover_main"))[2] for _ in range(2)]
    assert counts == ["Recovery complete. Replayed 2 transactions from Node A."] * 2


class TestJson:
    """What scripts read."""

    def test_of_the_status(self, cluster):
        cluster.settle()
        found = facts(cluster.manage("cluster_status", "--json"))
        nodes, comparison = found.pop("nodes"), found.pop("comparison")
        assert {"sentence", "proven_at", "share", "differences", "found"} == comparison.keys()
        assert found == {
            "primary": "main", "epoch": 1, "automatic": True, "quorum": True, "durability": "quorum",
            "sentence": "Main is healthy. Node A remains in VICE mode.",
            "state": "Healthy", "successor": "node_a", "blockers": "", "orphans": 0,
        }  # fmt: skip
        assert list(nodes) == ["main", "node_a", "node_b"]
        assert [node["mode"] for node in nodes.values()] == ["PRIMARY", "VICE", "REPLICA"]
        assert [node["writable"] for node in nodes.values()] == [True, False, False]
        for name, node in nodes.items():
            assert node.items() >= {
                "reachable": True, "epoch": 1, "entries": 1, "lag_entries": 0, "lag_seconds": 0.0,
                "error": None,
            }.items()  # fmt: skip
            assert (node["lease_seconds"] is not None) is (name == "main")
        assert 0 < nodes["main"]["lease_seconds"] <= 3

    def test_of_the_status_without_a_node(self, acting):
        found = facts(acting.manage("cluster_status", "--json"))
        main = found["nodes"]["main"]
        assert (found["primary"], found["epoch"], found["quorum"]) == ("node_a", 2, True)
        assert "connection refused" in main["error"]
        assert main.items() >= {"reachable": False, "lag_entries": None, "lease_seconds": None}.items()

    def test_of_the_verbs(self, cluster):
        cluster.settle()
        cluster.kill("main")
        promoted = facts(cluster.manage("promote_node_a", "--json"))
        assert promoted.pop("seconds") < 5
        assert promoted == {"primary": "node_a", "promoted": True, "epoch": 2, "orphaned": 0}
        cluster.start("main")
        assert facts(cluster.manage("recover_main", "--json")) == {
            "node": "main", "source": "node_a", "replayed": 0, "added": 0, "orphaned": 0,
        }  # fmt: skip
        demoted = facts(cluster.manage("demote_node_a", "--json"))
        assert demoted.pop("pause_seconds") < 5
        assert demoted == {"primary": "main", "demoted": True, "epoch": 3}
        assert facts(cluster.manage("demote_node_a", "--json"))["demoted"] is False
        cluster.settle()
        switched = facts(cluster.manage("switchover", "--to", "node_a", "--json"))
        assert switched.items() >= {"primary": "node_a", "epoch": 4}.items()


class TestSentences:
    """The status in words."""

    def test_while_main_is_down(self, acting):
        assert lines(acting.manage("cluster_status"))[-2:] == [
            "Main still down. Node A continues as ACTING_MASTER.",
            f"Main: connection refused at 127.0.0.1:{acting.servers.local['main'].port}",
        ]

    def test_when_main_is_back(self, acting):
        acting.start("main")
        assert lines(acting.manage("cluster_status"))[-1] == (
            "Main is back online. Node A should demote after synchronization."
        )

    def test_when_nobody_takes_writes(self, cluster):
        cluster.replicator.stop()
        cluster.kill("main")
        cluster.start("main")
        assert lines(cluster.manage("cluster_status"))[-1] == (
            "No node takes writes: Main holds no lease. Run switchover --to main to resume."
        )

    def test_without_a_majority(self, cluster):
        for name in ("main", "node_b"):
            cluster.kill(name)
        told = lines(cluster.manage("cluster_status"))
        (sentence,) = [line for line in told if line.startswith("Only")]
        assert sentence.startswith("Only 1 of 3 nodes answer; 2 are needed to take writes. Main: connection")
        assert "Node B: connection refused" in sentence

    def test_with_every_node_down(self, cluster):
        for name in NodeName:
            cluster.kill(name)
        assert any("Only 0 of 3 nodes answer" in line for line in lines(cluster.manage("cluster_status")))


class TestRefusals:
    """What must not be done is not done, and the reason is said."""

    def test_promotion_while_main_is_healthy(self, cluster):
        assert reason(cluster.manage("promote_node_a")) == (
            "Main is healthy and takes the writes. To hand over in good order use switchover --to node_a."
        )
        write(cluster, "main", 1)

    def test_promotion_without_a_majority(self, cluster):
        cluster.kill("main")
        cluster.kill("node_b")
        told = reason(cluster.manage("promote_node_a"))
        assert told.startswith(
            "Node A cannot be promoted: only 1 of 3 nodes answer and 2 must agree. Main: connection refused"
        )
        assert told.endswith("Start one of them, then try again.")
        assert cluster.primary() is None

    def test_promotion_of_a_node_that_is_down(self, cluster):
        cluster.kill("main")
        cluster.kill("node_a")
        assert reason(cluster.manage("promote_node_a")).startswith(
            "Node A cannot be promoted: Node A does not answer: connection refused"
        )

    def test_recovery_while_main_is_down(self, acting):
        assert reason(acting.manage("recover_main")).startswith(
            "Main cannot be recovered: Main does not answer: connection refused"
        )

    def test_recovery_from_nobody(self, cluster):
        cluster.replicator.stop()
        cluster.kill("main")
        cluster.start("main")
        assert reason(cluster.manage("recover_main")).startswith(
            "Main cannot be recovered: no node takes writes now."
        )

    def test_recovery_of_the_primary(self, cluster):
        assert reason(cluster.manage("recover_main")) == (
            "Main takes the writes itself; there is nothing to recover."
        )

    def test_demotion_while_main_lags(self, acting):
        acting.start("main")
        assert (
            reason(acting.manage("demote_node_a"))
            == "Main is 3 entries behind Node A; run recover_main first."
        )
        assert acting.primary() == "node_a"
        write(acting, "node_a", 4)

    def test_demotion_while_main_is_down(self, acting):
        assert reason(acting.manage("demote_node_a")).startswith(
            "Main cannot take over: Main does not answer"
        )
        write(acting, "node_a", 4)

    def test_switchover_to_the_replica(self, cluster):
        assert reason(cluster.manage("switchover", "--to", "node_b")) == (
            "Node B is a replica and a vote; it does not take writes."
        )

    def test_switchover_to_the_primary(self, cluster):
        assert reason(cluster.manage("switchover", "--to", "main")) == "Main is the primary already."


def test_wrong_usage_ends_with_2(cluster):
    wrong = [
        ["switchover"],
        ["switchover", "--to", "node_c"],
        ["recover_node"],
        ["recover_node", "Main"],
        ["setup_nodes", "node_c"],
        ["promote_node_a", "now"],
        ["demote_node_a", "--timeout", "soon"],
        ["cluster_status", "--yaml"],
    ]
    for arguments, done in zip(wrong, cluster.manage_all(*wrong), strict=True):
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
        assert done.stderr


def test_each_verb_has_help(cluster):
    for verb, done in zip(VERBS, cluster.manage_all(*([verb, "--help"] for verb in VERBS)), strict=True):
        assert done.returncode == 0
        assert f"usage: manage.py {verb}" in done.stdout
