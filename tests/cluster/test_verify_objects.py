"""verify_consistency compares what stands around the rows too."""

import pytest

from cluster.actions.maintenance.setup import set_up
from cluster.actions.steps.observe import observe
from cluster.actions.verification.verify import verify
from cluster.protocol.names import NodeName

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture
def found(cluster):
    """Return what a verification finds around the rows."""

    def look() -> list[str]:
        cluster.settle()
        result = verify(cluster.nodes, observe(cluster.nodes), on_difference=lambda _: None, settle=1.0)
        assert result.equal is not bool(result.objects)
        assert all(sentence in result.sentence for sentence in result.objects)
        return result.objects

    return look


TRIGGER = "test_counter_log_update"


def test_a_trigger_that_was_dropped_on_one_node_is_found(cluster, found):
    assert found() == []
    root = cluster.connect(NODE_B, "root")
    root.run(f"DROP TRIGGER {TRIGGER}")
    try:
        assert found() == [f"Node B: trigger {TRIGGER} is MISSING; run setup_nodes."]
    finally:
        cluster.manage("setup_nodes")
    assert found() == []


@pytest.mark.parametrize(
    ("damage", "undo", "told"),
    [
        (
            "ALTER TABLE test_counter ALTER COLUMN value SET DEFAULT 7",
            "ALTER TABLE test_counter ALTER COLUMN value DROP DEFAULT",
            "Node A: table test_counter is not as on Main.",
        ),
        (
            "CREATE TRIGGER meddling BEFORE INSERT ON test_counter FOR EACH ROW SET NEW.writer = 'x'",
            "DROP TRIGGER meddling",
            "Node A: trigger meddling is not on Main.",
        ),
        (
            "SET GLOBAL sql_mode = ''",
            "SET GLOBAL sql_mode = DEFAULT",
            "Node A: setting sql_mode is '', on Main it is ",
        ),
        (
            "SET GLOBAL innodb_flush_log_at_trx_commit = 2",
            "SET GLOBAL innodb_flush_log_at_trx_commit = 1",
            "Node A: innodb_flush_log_at_trx_commit is not 1: ",
        ),
        (
            "SET GLOBAL net_read_timeout = 30",
            "SET GLOBAL net_read_timeout = 2",
            "Node A: net_read_timeout is 30 s on this server",
        ),
        (
            "REVOKE UPDATE ON test_counter FROM {application}@'%'",
            "GRANT UPDATE ON test_counter TO {application}@'%'",
            "Node A: the application's account lacks UPDATE on test_counter; run setup_nodes.",
        ),
        (
            "GRANT INSERT ON transaction_log TO {application}@'%'",
            "REVOKE INSERT ON transaction_log FROM {application}@'%'",
            "Node A: the rights of the application are not as on Main: INSERT on transaction_log.",
        ),
    ],
    ids=["default", "trigger", "setting", "durability", "console", "lacking right", "additional right"],
)
def test_what_one_node_has_otherwise_is_named(cluster, found, damage, undo, told):
    root, application = cluster.connect(NODE_A, "root"), cluster.conf.application.user
    root.run(damage.format(application=application))
    try:
        assert any(sentence.startswith(told) for sentence in found()), found()
    finally:
        root.run(undo.format(application=application))
    assert found() == []


def test_the_order_of_keys_is_no_difference(cluster, found):
    """Set-up adds one that was missing at the end."""
    cluster.connect(NODE_A, "root").run("DROP INDEX title_ft_title ON title_ft")
    assert found() != []
    set_up(NODE_A)
    assert found() == []
