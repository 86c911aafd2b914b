"""Gaps of the log are closed beside the feeds: an answer that does not come holds up no acknowledgement."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.protocol.names import NodeName


@contextmanager
def kept_stale(cluster) -> Iterator[None]:
    """Somebody reads the list of open transactions so often that the server does not renew it."""
    over, reader = threading.Event(), cluster.connect("main", "root")

    def read() -> None:
        while not over.wait(0.03):
            reader.rows("SELECT trx_id FROM information_schema.INNODB_TRX")

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def leave_a_gap(cluster) -> None:
    """Leave a log id that nobody will ever commit."""
    app = cluster.connect("main")
    app.run("START TRANSACTION")
    app.run("INSERT INTO test_counter VALUES (99, 0, '')")
    app.run("ROLLBACK")


def write(app, number: int) -> float:
    """One write; how long it took until it was acknowledged."""
    began = time.monotonic()
    app.run("SET @current_transaction_id = %s", (f"write-{number}",))
    app.run("INSERT INTO test_counter VALUES (%s, 0, '')", (number,))
    app.rows("CALL await_acknowledgement(%s, 5)", (f"write-{number}",))
    return time.monotonic() - began


def test_acknowledgements_do_not_wait_for_a_list_that_stays_old(cluster):
    cluster.settle()
    app = cluster.connect("main")
    with kept_stale(cluster):
        write(app, 0)
        leave_a_gap(cluster)
        longest = max(write(app, number) for number in range(1, 400))
    assert longest < 0.5


def test_a_gap_closes_once_the_list_is_renewed(cluster):
    cluster.settle()
    app = cluster.connect("main")
    with kept_stale(cluster):
        leave_a_gap(cluster)
        write(app, 1)
        time.sleep(1.5)
    last = cluster.nodes[NodeName.MAIN].state().last_log_id
    deadline = time.monotonic() + 8
    while cluster.nodes[NodeName.NODE_A].state().watermark.log_id < last:
        assert time.monotonic() < deadline
        time.sleep(0.05)
