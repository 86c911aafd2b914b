"""The invariants of the design, checked on real servers after and during a fault."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from tests.harness.sql import dump, replicated_tables
from tests.harness.writers import CANDIDATES, Book

SAMPLE_SECONDS = 0.1
FULL_LOG = "SELECT * FROM transaction_log ORDER BY log_id, epoch"


class Observer(threading.Thread):
    """Looks every 100 ms whether two nodes take writes at one moment."""

    def __init__(self, nodes: dict[NodeName, MariaDBNode], over: threading.Event) -> None:
        super().__init__(name="observer", daemon=True)
        self.nodes, self.over = nodes, over
        self.samples = 0
        self.violations: list[str] = []

    def run(self) -> None:
        """Until told to stop."""
        while not self.over.wait(SAMPLE_SECONDS):
            self.sample()
        for node in self.nodes.values():
            node.close()

    def sample(self) -> None:
        """Main, Node A, Main again: who was writable before and after was so in between."""
        first, other = CANDIDATES
        before, between, after = (self.epoch(name) for name in (first, other, first))
        self.samples += 1
        if before is not None and before == after and between is not None:
            self.violations.append(f"Main in epoch {before} and Node A in epoch {between} are writable")

    def epoch(self, name: NodeName) -> int | None:
        """The epoch in which the node takes writes now, None when it does not or does not answer."""
        try:
            state = self.nodes[name].state()
        except ClusterError:
            return None
        return state.promised if state.writable else None


@contextmanager
def observed(cluster) -> Iterator[Observer]:
    """Invariant (b) through the block: at most one node takes writes."""
    over = threading.Event()
    observer = Observer(cluster.fresh_nodes(timeout=1.0), over)
    observer.start()
    try:
        yield observer
    finally:
        over.set()
        observer.join(10)
    assert observer.violations == []
    assert observer.samples > 0


def check(cluster, book: Book, timeout: float = 20.0) -> None:
    """Invariants (a), (c) and (d), once all nodes are back and level with the primary."""
    cluster.settle(timeout)
    assert len(cluster.log_prints()) == len(NodeName), "a node is missing"
    primary = cluster.connect(cluster.primary(), "cluster", timeout=30.0)
    entries = primary.rows(FULL_LOG)
    check_acknowledged(entries, book)
    check_epochs(entries)
    if book.attempts:
        check_counters(primary, book)
    check_equal(cluster)


def check_acknowledged(entries, book: Book) -> None:
    """(a) Every acknowledged transaction is on the primary, whole and once."""
    found = Counter(entry[2] for entry in entries)
    lost = [transaction for transaction in book.acknowledged if transaction not in found]
    assert lost == [], f"{len(lost)} of {len(book.acknowledged)} acknowledged transactions are lost"
    twice = {transaction: found[transaction] for transaction in book.acknowledged if found[transaction] != 2}
    assert twice == {}, "each transaction changes two rows"


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
