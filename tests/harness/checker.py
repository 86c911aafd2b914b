"""The invariants of the design, checked on real servers after and during a fault."""

import json
from collections import Counter

from cluster.protocol.names import NodeName
from tests.harness.observer import observed as observed
from tests.harness.sql import dump, replicated_tables
from tests.harness.writers import Book

FULL_LOG = "SELECT * FROM transaction_log ORDER BY log_id, epoch"


def check(cluster, book: Book, timeout: float = 20.0) -> None:
    """Invariants (a), (c) and (d), once all nodes are back and level with the primary."""
    name = cluster.settle(timeout)
    assert len(cluster.log_prints()) == len(NodeName), "a node is missing"
    primary = cluster.connect(name, "cluster", timeout=30.0)
    entries = primary.rows(FULL_LOG)
    check_acknowledged(entries, book)
    check_epochs(entries)
    if book.attempts:
        check_counters(primary, book)
    check_equal(cluster)


def check_acknowledged(entries, book: Book) -> None:
    """Check (a): every acknowledged transaction is on the primary, whole and once."""
    found = Counter(entry[2] for entry in entries)
    gone = lost(entries, book)
    assert gone == [], f"{len(gone)} of {len(book.acknowledged)} acknowledged transactions are lost"
    twice = {transaction: found[transaction] for transaction in book.acknowledged if found[transaction] != 2}
    assert twice == {}, "each transaction changes two rows"


def lost(entries, book: Book) -> list[str]:
    """Return the acknowledged transactions that are not among the entries of a log."""
    held = {entry[2] for entry in entries}
    return [transaction for transaction in book.acknowledged if transaction not in held]


def check_epochs(entries) -> None:
    """(c) Nothing of an older epoch comes after the beginning of a newer one."""
    epochs = [entry[1] for entry in entries]
    assert epochs == sorted(epochs)
    begun = [entry[1] for entry in entries if entry[5] == "PROMOTION"]
    assert begun == sorted(set(begun))
    assert set(epochs) <= set(begun)


def check_counters(primary, book: Book) -> None:
    """Each writer's counter stands at the number of its transactions in the log: none was done twice."""
    done = Counter(
        name.rsplit("-", 1)[0]
        for (name,) in primary.rows(
            "SELECT DISTINCT transaction_id FROM transaction_log WHERE transaction_id LIKE 'writer-%'"
        )
    )
    values = {
        f"writer-{number}": value
        for number, value in primary.rows("SELECT id, value FROM test_counter WHERE id > 0")
    }
    assert {name: value for name, value in values.items() if value} == dict(done)


def check_equal(cluster) -> None:
    """(d) Logs and tables of all nodes are equal, row by row; and the tables are what the log says."""
    connections = {name: cluster.connect(name, "cluster", timeout=30.0) for name in NodeName}
    main = connections[NodeName.MAIN]
    logs = {name: connection.rows(FULL_LOG) for name, connection in connections.items()}
    for name in NodeName:
        assert logs[name] == logs[NodeName.MAIN], f"the log of {name.label} differs"
    for table in replicated_tables(connections[NodeName.MAIN]):
        rows = dump(main, table)
        for name, connection in connections.items():
            assert dump(connection, table) == rows, f"{table} on {name.label} differs"
    newest = {entry[7]: entry[9] for entry in logs[NodeName.MAIN] if entry[6] == "test_counter"}
    images = {json.loads(image)["id"]: json.loads(image)["value"] for image in newest.values() if image}
    assert dict(main.rows("SELECT id, value FROM test_counter")) == images
