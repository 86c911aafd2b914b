"""The ids of transactions whose clients chose none: one for each transaction, however many statements it has."""

import pytest

INSERT = "INSERT INTO test_counter VALUES (%s, 0, '')"


def written(session) -> list[list[int]]:
    """Return the counters that each transaction of the log has written, by transaction."""
    found: dict[str, list[int]] = {}
    for name, record in session.rows(
        "SELECT transaction_id, record_id FROM transaction_log WHERE log_type = 'ROW' ORDER BY log_id"
    ):
        found.setdefault(name, []).append(int(record))
    return list(found.values())


@pytest.mark.parametrize(
    ("statements", "transactions"),
    [
        ((1, 2, 3), [[1], [2], [3]]),
        (("BEGIN", 1, 2, 3, "COMMIT"), [[1, 2, 3]]),
        (("BEGIN", 1, 2, "COMMIT", "BEGIN", 3, 4, "COMMIT", 5), [[1, 2], [3, 4], [5]]),
        (("SET autocommit = 0", 1, 2, "COMMIT", 3, 4, "COMMIT"), [[1, 2], [3, 4]]),
        (("SET autocommit = 0", 1, 2, "SET autocommit = 1", 3, 4), [[1, 2], [3], [4]]),
        (("BEGIN", 1, "SAVEPOINT s", 2, "ROLLBACK TO SAVEPOINT s", 3, "COMMIT"), [[1, 3]]),
        (("BEGIN", 1, "ROLLBACK", "BEGIN", 2, "COMMIT"), [[2]]),
        (("BEGIN", 1, 2, "BEGIN", 3, "COMMIT"), [[1, 2], [3]]),
        (("SET timestamp = 1700000000", "BEGIN", 1, 2, "COMMIT", "SET timestamp = DEFAULT", 3), [[1, 2], [3]]),
        (("BEGIN", 1, "SET @current_transaction_id = 'mine'", 2, "COMMIT"), [[1], [2]]),
        (("XA START 'x'", 1, 2, "XA END 'x'", "XA COMMIT 'x' ONE PHASE", "BEGIN", 3, "COMMIT"), [[1, 2], [3]]),
    ],
)  # fmt: skip
def test_each_transaction_has_one(cluster, statements, transactions):
    app = cluster.connect("main")
    for one in statements:
        if isinstance(one, int):
            app.run(INSERT, (one,))
        else:
            app.run(one)
    assert written(cluster.connect("main")) == transactions


def test_a_statement_of_many_rows_has_one(cluster):
    app = cluster.connect("main")
    app.run("INSERT INTO test_counter VALUES (1, 0, ''), (2, 0, ''), (3, 0, '')")
    app.run("UPDATE test_counter SET value = 1")
    assert written(app) == [[1, 2, 3], [1, 2, 3]]


def test_two_sessions_never_share_one(cluster):
    for record in (1, 2):
        session = cluster.connect("main")
        session.run("SET timestamp = 1700000000")
        session.run("BEGIN")
        session.run(INSERT, (record,))
        session.run("COMMIT")
    assert written(session) == [[1], [2]]


def test_the_time_of_an_entry_is_the_servers_own(cluster):
    app = cluster.connect("main")
    app.run("SET timestamp = 1, time_zone = '-11:00'")
    app.run(INSERT, (1,))
    other = cluster.connect("node_a")
    cluster.settle()
    (age,) = other.row(
        "SELECT ABS(TIMESTAMPDIFF(SECOND, `timestamp`, UTC_TIMESTAMP(6))) FROM transaction_log"
        " ORDER BY log_id DESC LIMIT 1"
    )
    assert age < 30
