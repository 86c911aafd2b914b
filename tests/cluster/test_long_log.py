"""State, lag and reads of the log do not slow down with its length: they read little, and by index."""

import time
from typing import Any

import pytest

from cluster.nodes.entry_columns import COLUMNS
from cluster.nodes.node_state import STATEMENT
from cluster.protocol.gaps import Range
from cluster.protocol.names import NodeName
from tests.harness.long_log import ENTRIES, FILL, reading_at_most

LOG = "transaction_log"


@pytest.fixture
def node(cluster):
    """Return Main with a log of 100,000 entries, verified but for the last 100."""
    cluster.settle()
    cluster.replicator.stop()
    cluster.connect("main", "root", timeout=30.0).run(FILL)
    main = cluster.nodes[NodeName.MAIN]
    main.verify(ENTRIES - 100)
    return main


def test_the_state_reads_the_tail_alone(node):
    assert node.state().entries == ENTRIES + 1
    with reading_at_most(node.connection, 300):
        node.state()


@pytest.mark.parametrize(
    ("rows", "look"),
    [
        (5, lambda node: node.lease_epoch()),
        (30, lambda node: node.promotion_watermark(0)),
        (210, lambda node: node.log_ids(50_000, upto=50_200)),
        (110, lambda node: node.log_ids(50_000, limit=100)),
        (2_000, lambda node: node.read_log(50_000, 500)),
        (2_000, lambda node: node.read_entries(99_500, [Range(7, 9), Range(500, 510)], 1000)),
        (20, lambda node: node.read_log(ENTRIES + 1, 500)),
        (60, lambda node: node.writing_transactions()),
        (400, lambda node: node.verify(ENTRIES)),
    ],
    ids=[
        "lease", "promotion_watermark", "log_ids in a range", "log_ids with a limit", "read_log", "read_entries",
        "end of the log", "writing_transactions", "verify",
    ],
)  # fmt: skip
def test_a_read_touches_little_more_than_it_returns(node, rows, look):
    with reading_at_most(node.connection, rows):
        look(node)


def test_an_append_touches_little_more_than_it_adds(cluster, node):
    entries = node.read_log(ENTRIES - 200, 100).entries
    image = '{"id": 1, "value": 0, "writer": ""}'
    changed = [entry._replace(log_id=entry.log_id + 10_000, new_value=image) for entry in entries]
    with reading_at_most(node.connection, 5_000):
        node.append(1, changed, boundary=True)


def test_setting_aside_touches_what_it_moves(cluster, node):
    """2,000 entries above the watermark."""
    cluster.connect("main", "root").run(FILL.replace(str(ENTRIES), "2000"))
    began = time.monotonic()
    with reading_at_most(node.connection, 60_000):
        assert node.orphan_entries(1, node.log_ids(ENTRIES + 1)) == 2_000
    assert time.monotonic() - began < 10


def test_rows_with_a_key_of_several_columns_are_found_by_it(cluster, node):
    """A delete in a table of 4,000 rows."""
    labels = [(f"shelf {number % 10}", number) for number in range(4_000)]
    app = cluster.connect("main", timeout=30.0)
    node.renew_lease(1, node.beat(), 60)
    app.many("INSERT INTO test_label VALUES (%s, %s, '')", labels)
    app.run("DELETE FROM test_label WHERE position < 300")
    gone = node.read_log(node.state().last_log_id - 300, 300).entries
    vice = cluster.nodes[NodeName.NODE_A]
    vice.append(1, node.read_log(ENTRIES + 1, 4_000).entries, boundary=True)
    with reading_at_most(vice.connection, 10_000):
        vice.append(1, gone, boundary=True)
    assert vice.connection.row("SELECT COUNT(*) FROM test_label") == (3_700,)


def test_the_guard_touches_a_handful_of_rows(cluster, node):
    app = cluster.connect("main")
    app.run("INSERT INTO test_counter VALUES (1, 0, '')")
    with reading_at_most(app, 20):
        app.run("UPDATE test_counter SET value = 1 WHERE id = 1")


def test_a_wait_for_an_acknowledgement_touches_a_handful_of_rows(cluster, node):
    app = cluster.connect("main")
    with reading_at_most(app, 40):
        app.rows("CALL await_acknowledgement('filler-1', 0)")


def test_many_acknowledgements_make_no_wait_longer(cluster, node):
    """Compared in another character set, an id would be looked for row by row."""
    cluster.connect("main", "root").run(
        "INSERT INTO acknowledgement (transaction_id, log_id)"
        f" SELECT CONCAT('told-', seq), {2 * ENTRIES} + seq FROM seq_1_to_20000"
    )
    app = cluster.connect("main")
    app.run("SET @current_transaction_id = 'told-19999'")
    app.run("INSERT INTO test_counter VALUES (1, 0, '')")
    with reading_at_most(app, 40):
        app.rows("CALL await_acknowledgement('told-19999', 0)")


def plans(connection, sql: str, params: Any = None) -> list[tuple[str, str, int]]:
    """Access type, key and estimated rows of each part of a plan that reads the log."""
    rows = connection.rows(f"EXPLAIN {sql}", params)
    return [(kind, key, int(count)) for _, _, table, kind, _, key, _, _, count, *_ in rows if table == LOG]


def test_the_plan_of_the_state_is_index_reads(node):
    """The end of the log is one step into its key: `index` means that end, as the count of reads shows."""
    end, *others = sorted(plans(node.connection, STATEMENT))
    assert end[:2] == ("index", "PRIMARY")
    assert set(others) == {("range", "PRIMARY", 101), ("ref", "transaction_log_record", 1)}


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        (
            "SELECT epoch, log_id FROM transaction_log WHERE log_id > %s ORDER BY log_id, epoch LIMIT %s",
            (5, 100),
        ),
        (
            f"SELECT {COLUMNS} FROM {LOG} WHERE log_id > %s ORDER BY log_id, epoch LIMIT %s",
            (ENTRIES // 2, 2000),
        ),
        (f"SELECT {COLUMNS} FROM transaction_log WHERE log_id BETWEEN %s AND %s", (7, 9)),
        ("SELECT log_id FROM transaction_log WHERE transaction_id = %s AND log_id > %s", ("filler-1", 5)),
        (
            f"SELECT {COLUMNS} FROM transaction_log WHERE table_name = %s AND record_id = %s"
            " ORDER BY epoch DESC, log_id DESC LIMIT 1",
            ("test_counter", "7"),
        ),
    ],
    ids=["identities", "window", "gap", "transaction", "newest of a record"],
)
def test_the_plan_of_a_read_uses_an_index(node, sql, params):
    for kind, key, _ in plans(node.connection, sql, params):
        assert kind in ("range", "ref", "const", "ref_or_null")
        assert key
