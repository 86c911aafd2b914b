"""The commands beside frozen nodes, open transactions, restarts, and a replicator that dies."""

import signal
import time

import pytest

from cluster.protocol.names import NodeName
from tests.harness.commands import lines, reason, write
from tests.harness.sql import refusal, row_entries


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
