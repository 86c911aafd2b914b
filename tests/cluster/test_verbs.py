"""The commands as an operator runs them: sentences, JSON, end codes, refusals, deadlines."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from cluster.actions.maintenance.setup import set_up
from cluster.protocol.names import NodeName
from tests.harness.sql import refusal, row_entries

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
VERBS = [
    "cluster_status", "demote_node_a", "promote_node_a", "recover_main", "recover_node", "replicate",
    "setup_nodes", "switchover",
]  # fmt: skip


def lines(done: CompletedProcess[str]) -> list[str]:
    """What a command that ended well said."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def facts(done: CompletedProcess[str]) -> dict[str, Any]:
    """The JSON that a command that ended well printed, and nothing beside it."""
    (line,) = lines(done)
    result: dict[str, Any] = json.loads(line)
    return result


def reason(done: CompletedProcess[str]) -> str:
    """Why a command refused: end code 1, one plain sentence on stderr, nothing that looks like a program."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("CommandError: ").strip()


def write(cluster, name: str, *records: int) -> None:
    """Acknowledged transactions, one a record."""
    app = cluster.connect(name)
    for record in records:
        transaction = f"{name}-{record}-{time.monotonic_ns()}"
        app.run("SET @current_transaction_id = %s", (transaction,))
        app.run("INSERT INTO test_counter VALUES (%s, 0, '')", (record,))
        app.rows("CALL await_acknowledgement(%s, 20)", (transaction,))


@pytest.fixture
def acting(cluster):
    """Main was killed, Node A took over and has two transactions more; Main is down."""
    write(cluster, "main", 1)
    cluster.settle()
    cluster.kill("main")
    lines(cluster.manage("promote_node_a"))
    write(cluster, "node_a", 2, 3)
    return cluster


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
        nodes = found.pop("nodes")
        assert found == {
            "primary": "main", "epoch": 1, "automatic": True, "quorum": True, "durability": "quorum",
            "sentence": "Main is healthy. Node A remains in VICE mode.",
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


class TestFrozen:
    """A node that keeps its connections and never answers costs a command its deadline, not more."""

    DEADLINE = 40.0

    COMMANDS = {
        "main": {
            "cluster_status": 0,
            "recover_main": 1,
            "recover_node node_b": 1,
            "demote_node_a": 1,
            "setup_nodes --check": 1,
            "setup_nodes": 1,
        },
        "node_a": {"cluster_status": 0, "switchover --to node_a": 1, "recover_node node_a": 1},
        "node_b": {"cluster_status": 0, "recover_node node_b": 1, "setup_nodes node_b": 1},
    }

    @pytest.mark.parametrize("name", NodeName)
    def test_each_command_ends_in_time_and_names_the_node(self, cluster, name):
        cluster.settle()
        cluster.freeze(name)
        commands = self.COMMANDS[name]
        ended = cluster.manage_all(*(command.split() for command in commands), timeout=self.DEADLINE)
        for (command, code), done in zip(commands.items(), ended, strict=True):
            assert done.returncode == code, command
            assert name.label in done.stdout + done.stderr
            assert "Traceback" not in done.stderr

    def test_node_a_takes_over_from_a_frozen_main(self, cluster):
        write(cluster, "main", 1)
        cluster.settle()
        cluster.freeze("main")
        began = time.monotonic()
        done = cluster.manage("promote_node_a", timeout=40)
        if done.returncode:  # the lease of Main had not run out yet, and Main could not be asked
            assert "Main" in reason(done)
            lines(cluster.manage("promote_node_a", timeout=40))
        assert time.monotonic() - began < self.DEADLINE
        write(cluster, "node_a", 2)
        cluster.resume("main")
        sentence = refusal(cluster.connect("main"), "DELETE FROM test_counter")
        assert sentence.startswith("Main is in ")
        assert "writes" in sentence or "lease" in sentence

    def test_writes_go_on_beside_a_frozen_replica(self, cluster):
        cluster.settle()
        cluster.freeze("node_b")
        write(cluster, "main", 1, 2, 3)
        time.sleep(4)  # longer than a lease: somebody still renews it
        write(cluster, "main", 4)

    def test_a_switchover_beside_a_frozen_replica(self, cluster):
        cluster.settle()
        cluster.freeze("node_b")
        began = time.monotonic()
        lines(cluster.manage("switchover", "--to", "node_a", timeout=40))
        assert time.monotonic() - began < self.DEADLINE
        write(cluster, "node_a", 1)

    def test_a_recovery_beside_a_frozen_replica(self, acting):
        acting.start("main")
        acting.freeze("node_b")
        began = time.monotonic()
        assert lines(acting.manage("recover_main", timeout=40))[2].startswith("Recovery complete.")
        assert time.monotonic() - began < self.DEADLINE


class TestOpenTransaction:
    """A write transaction that stays open at a switchover: a bounded wait, then writes go on."""

    def test_it_is_waited_for_and_then_the_switchover_given_up(self, cluster):
        cluster.settle()
        writer = cluster.connect("main")
        writer.run("START TRANSACTION")
        writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
        began = time.monotonic()
        told = reason(cluster.manage("switchover", "--to", "node_a"))
        assert told.startswith("Main has an open write transaction that did not end within 2 s.")
        assert time.monotonic() - began < 10
        writer.commit()
        write(cluster, "main", 2)
        assert lines(cluster.manage("switchover", "--to", "node_a"))[0].startswith(
            "Node A took over from Main"
        )
        write(cluster, "node_a", 3)

    def test_one_that_ends_in_time_is_taken_along(self, cluster):
        cluster.settle()
        writer = cluster.connect("main")
        writer.run("START TRANSACTION")
        writer.run("INSERT INTO test_counter VALUES (1, 0, '')")
        command = cluster.popen("switchover", "--to", "node_a")
        time.sleep(1.5)
        writer.commit()
        said, complaint = command.communicate(timeout=20)
        assert (command.returncode, complaint) == (0, "")
        assert said.startswith("Node A took over from Main in epoch 2.")
        assert [record for *_, record in row_entries(cluster.connect("node_a"))] == ["1"]


class TestResume:
    """A primary that was restarted has no lease; it is given one anew."""

    def test_the_restarted_primary_takes_writes_again(self, cluster):
        write(cluster, "main", 1)
        cluster.kill("main")
        cluster.start("main")
        assert lines(cluster.manage("switchover", "--to", "main")) == ["Main takes writes again, in epoch 2."]
        write(cluster, "main", 2)

    def test_setting_up_again_resumes_too(self, cluster):
        cluster.kill("main")
        cluster.start("main")
        told = lines(cluster.manage("setup_nodes"))
        assert told[:3] == [f"{name.label}: everything is in place." for name in NodeName]
        assert told[3:] == ["Main takes writes in epoch 2."]


class TestSetup:
    """What is installed where."""

    @pytest.fixture
    def damage(self, cluster) -> Iterator[Callable[[str], None]]:
        """Runs SQL as the cluster's account on Node B, which is mended afterwards."""
        yield lambda sql: cluster.connect("node_b", "cluster").run(sql)
        set_up(NodeName.NODE_B)

    def test_everything_is_installed_and_a_second_time_changes_nothing(self, cluster):
        told = lines(cluster.manage("setup_nodes", "--check"))
        assert {line.split()[-3] for line in told} == {"INSTALLED"}
        assert len(told) > 150
        assert lines(cluster.manage("setup_nodes")) == [
            f"{n.label}: everything is in place." for n in NodeName
        ]
        assert facts(cluster.manage("setup_nodes", "--json")) == {
            "changed": {"main": 0, "node_a": 0, "node_b": 0}, "primary": "main",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("sql", "found"),
        [
            ("DROP TRIGGER test_word_guard_update", "MISSING   TRIGGER   test_word_guard_update"),
            (
                "CREATE OR REPLACE TRIGGER test_word_guard_update BEFORE UPDATE ON test_word"
                " FOR EACH ROW SET @x = 1",
                "OUTDATED  TRIGGER   test_word_guard_update",
            ),
            ("DROP PROCEDURE claim", "MISSING   PROCEDURE claim"),
            ("CREATE OR REPLACE PROCEDURE guard_write() SELECT 1", "OUTDATED  PROCEDURE guard_write"),
            ("DROP FUNCTION is_settled", "MISSING   FUNCTION  is_settled"),
        ],
        ids=["no trigger", "another trigger", "no procedure", "another procedure", "no function"],
    )
    def test_damage_is_listed_and_mended(self, cluster, damage, sql, found):
        damage(sql)
        done = cluster.manage("setup_nodes", "--check", "node_b")
        assert [line for line in done.stdout.splitlines() if "INSTALLED" not in line] == [f"Node B  {found}"]
        assert reason(done) == "1 objects are not installed as they should be; run setup_nodes."
        assert lines(cluster.manage("setup_nodes", "node_b")) == ["Node B: 1 objects installed."]
        assert cluster.manage("setup_nodes", "--check", "node_b").returncode == 0

    def test_a_node_that_is_down_is_named(self, cluster):
        cluster.kill("node_a")
        assert "Node A does not answer: connection refused" in reason(cluster.manage("setup_nodes"))
        assert "Node A does not answer" in reason(cluster.manage("setup_nodes", "--check", "node_a"))

    def test_the_others_are_set_up_while_main_is_down(self, cluster):
        cluster.kill("main")
        assert lines(cluster.manage("setup_nodes", "node_a", "node_b")) == [
            "Node A: everything is in place.", "Node B: everything is in place.",
        ]  # fmt: skip


class TestReplicate:
    """The loop as a process of its own."""

    def test_it_works_until_it_is_told_to_end(self, cluster):
        cluster.replicator.stop()
        process = cluster.popen("replicate")
        main = cluster.connect("main")
        while main.row("SELECT IS_USED_LOCK(CONCAT('mco2.', DATABASE(), '.replicator'))") == (None,):
            time.sleep(0.02)  # without it the writer would carry its write itself
        write(cluster, "main", 1)
        process.send_signal(signal.SIGTERM)
        said, complaint = process.communicate(timeout=15)
        assert process.returncode == 0, complaint
        assert said.splitlines()[-1] == "Stopped."

    def test_a_second_one_takes_over_from_one_that_was_killed(self, cluster):
        cluster.replicator.stop()
        first = cluster.popen("replicate")
        write(cluster, "main", 1)
        cluster.replicator.start()
        first.kill()
        write(cluster, "main", 2)
        time.sleep(3.5)  # longer than a lease
        write(cluster, "main", 3)
