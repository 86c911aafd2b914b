"""A dump of one node restores on any server, and no other node is asked for it."""

import subprocess
import time
from pathlib import Path

from cluster.nodes.connection import Connection
from tests.harness.sql import dump
from titles.models import Title

TABLES = ("title_ft", "transaction_log", "test_specimen")


def restored(cluster, file: Path, database: str) -> None:
    """Source the dump on Node B's server as its administrator would."""
    node, admin = cluster.servers.local["node_b"], cluster.servers.admin
    subprocess.run(
        [
            "mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={node.port}", f"--user={admin.user}",
            f"--password={admin.password}", database,
        ],
        input=file.read_bytes(), check=True, timeout=30,
    )  # fmt: skip


def assert_restores(root: Connection, cluster, file: Path) -> None:
    """Assert that a dump of Node A, sourced on Node B, gives the same tables."""
    root.run("CREATE OR REPLACE DATABASE restored")
    try:
        restored(cluster, file, "restored")
        original = {table: dump(cluster.connect("node_a", "root"), table) for table in TABLES}
        root.run("USE restored")
        assert {table: dump(root, table) for table in TABLES} == original
    finally:
        root.run("DROP DATABASE restored")


def test_a_dump_is_restored_and_asks_no_peer(cluster, tmp_path):
    Title.objects.create(tconst="tt0000001", primary_title="L'été \U0001f3ac")
    cluster.settle()
    file = tmp_path / "node_a.sql"
    cluster.freeze("main")
    began = time.monotonic()
    done = cluster.manage("dump_node", "node_a", str(file))
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 10
    cluster.resume("main")
    assert "Any MariaDB restores it." in done.stdout
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text()
    assert "FEDERATED" not in text
    assert cluster.connect("node_a", "root").row("SELECT secret FROM apply_secret")[0] not in text
    root = cluster.connect("node_b", "root")
    assert_restores(root, cluster, file)


def test_a_dump_by_hand_without_the_federated_tables_is_restored(cluster, tmp_path):
    """As the runbook has it: triggers and views come with it, another node is frozen."""
    Title.objects.create(tconst="tt0000001", primary_title="L'\u00e9t\u00e9 \U0001f3ac")
    cluster.settle()
    node, admin = cluster.servers.local["node_a"], cluster.servers.admin
    root = cluster.connect("node_b", "root")
    cluster.freeze("main")
    linked = cluster.connect("node_a", "root").rows(
        "SELECT CONCAT('--ignore-table=', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = DATABASE() AND ENGINE = 'FEDERATED'"
    )
    file = tmp_path / "by_hand.sql"
    with file.open("wb") as out:
        subprocess.run(
            [
                "mariadb-dump", "--no-defaults", "--single-transaction", "--host=127.0.0.1", f"--port={node.port}",
                f"--user={admin.user}", f"--password={admin.password}", *(option for (option,) in linked),
                node.database,
            ],
            stdout=out, check=True, timeout=10,
        )  # fmt: skip
    cluster.resume("main")
    assert_restores(root, cluster, file)


def test_what_cannot_be_written_is_said(cluster, tmp_path):
    refused = cluster.manage("dump_node", "node_a", str(tmp_path / "missing" / "x.sql"))
    assert refused.returncode == 1
    assert "Nothing was dumped" in refused.stderr
