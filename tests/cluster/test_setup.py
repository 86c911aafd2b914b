"""setup_nodes installs, lists and mends."""

from collections.abc import Callable, Iterator

import pytest

from cluster.actions.maintenance.setup import set_up
from cluster.protocol.names import NodeName
from tests.harness.commands import facts, lines, reason


class TestSetup:
    """What is installed where."""

    @pytest.fixture
    def damage(self, cluster) -> Iterator[Callable[[str], None]]:
        """Run SQL as the cluster's account on Node B, which is mended afterwards."""
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
