"""Text of the applications tells all characters apart; the kernel's own words compare alike in every session."""

import pytest

from cluster.actions.maintenance import setup
from cluster.nodes.connection import EXACT
from cluster.nodes.schema.collations import LINGUISTIC
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName
from tests.harness.console import Console

GRIN, BEAM = "\U0001f600", "\U0001f601"
OLD = "utf8mb4_general_ci"
NAMES = (
    "utf8mb4 COLLATE utf8mb4_general_ci",
    "utf8mb4 COLLATE utf8mb4_unicode_ci",
    "utf8mb4 COLLATE utf8mb4_uca1400_ai_ci",
    "utf8mb4 COLLATE utf8mb4_bin",
    "latin1",
    "binary",
)
TITLE = "'tt0000001', 'Café \U0001f3ac', 90, 7.5, 100, 1999"
CALLS = (
    ("node_b", "catch_up()"),
    ("node_a", "catch_up()"),
    ("main", "recover_from_node_a()"),
    ("node_a", "check_main_health()"),
    ("node_a", "promote_to_acting_master()"),
    ("node_a", "demote_to_vice()"),
    ("main", "link_peers()"),
    ("main", "probe_peers()"),
    ("main", "await_acknowledgement('unknown', 1)"),
    ("main", f"distributed_insert({TITLE})"),
    ("main", f"distributed_update({TITLE})"),
    ("main", "distributed_addReviews('tt0000001', 1, 8)"),
    ("main", "distributed_select('primaryTitle', 'desc', 5)"),
    ("main", "distributed_search('CAFE', 5)"),
    ("main", "distributed_aggregation()"),
    ("main", "refresh_title_statistics()"),
    ("main", "distributed_delete('tt0000001')"),
)
"""Every public procedure, and those of an administrator: done or refused with a sentence, in whatever session."""
MIX = "Illegal mix of collations"


def test_emoji_are_told_apart(cluster):
    main = cluster.connect("main")
    main.many("INSERT INTO test_word (word, meaning) VALUES (%s, '')", [(GRIN,), (BEAM,)])
    main.many("INSERT INTO test_shelf (name) VALUES (%s)", [(GRIN,), (BEAM,)])
    cluster.settle()
    for name in ("node_a", "node_b"):
        node = cluster.connect(name)
        assert node.rows("SELECT meaning FROM test_word WHERE word = %s", (BEAM,)) == (("",),)
        assert node.row("SELECT COUNT(*) FROM test_shelf")[0] == 2


@pytest.mark.parametrize("names", NAMES)
def test_every_procedure_runs_whatever_the_collation_of_the_session(cluster, names):
    """Its own id for each transaction comes in that collation, too."""
    console = Console(cluster)
    for number, (node, call) in enumerate(CALLS):
        told = console.run(
            node, f"SET NAMES {names}; SET @current_transaction_id = 'step-{number}'; CALL {call};"
        )
        assert MIX not in told.stderr + told.stdout, call
        assert "ERROR 1" not in told.stderr, told.stderr
    assert "Café" in console.says(
        "main", f"SET NAMES utf8mb4; CALL distributed_insert({TITLE}); CALL distributed_search('cafe', 5)"
    )


@pytest.mark.timeout(180)
def test_every_procedure_runs_on_a_node_of_an_older_version(cluster):
    """Its database, its kernel's tables and one of the application's compare as they did then."""
    database = cluster.servers.local["main"].database
    root = cluster.connect("main", "root")
    alter = (
        f"ALTER DATABASE `{database}` COLLATE {{0}}",
        "ALTER TABLE title_statistics CONVERT TO CHARACTER SET utf8mb4 COLLATE {0}",
    )
    config = (
        "ALTER TABLE node_config MODIFY config_value VARCHAR(255) CHARACTER SET utf8mb4 COLLATE {0} NOT NULL"
    )
    for sql in (*alter, config):
        root.run(sql.format(OLD))
    try:
        assert setup.set_up(NodeName.MAIN) > 100, (
            "routines are made anew where the database has another collation"
        )
        for _, call in [item for item in CALLS if item[0] == "main"]:
            told = Console(cluster).run("main", f"SET NAMES utf8mb4; CALL {call}")
            assert "ERROR 1" not in told.stderr, told.stderr
    finally:
        for sql in alter:
            root.run(sql.format(LINGUISTIC))
        root.run(config.format(EXACT))
        setup.set_up(NodeName.MAIN)


def test_a_table_that_takes_emoji_for_one_is_named(cluster):
    root = cluster.connect("node_b", "root")
    root.run(f"ALTER TABLE test_shelf CONVERT TO CHARACTER SET utf8mb4 COLLATE {OLD}")
    try:
        (found,) = [one for one in setup.check([NodeName.NODE_B]) if one.kind == "COLLATION"]
        told = cluster.manage("setup_nodes", "node_b")
    finally:
        root.run(f"ALTER TABLE test_shelf CONVERT TO CHARACTER SET utf8mb4 COLLATE {LINGUISTIC}")
    assert found.name == f"{LINGUISTIC}: test_shelf has {OLD}"
    assert found.status is Status.OUTDATED
    assert f"test_shelf has {OLD}" in told.stdout
