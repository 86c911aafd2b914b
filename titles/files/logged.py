"""Bulk writes through the log: a transaction a batch, written exactly once and acknowledged side by side."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, Self

from django.db import connections, reset_queries

from cluster.backend import write_once

BATCH_DEADLINE: Final = 20.0
"""Seconds in which a batch must be written and acknowledged: a loader waits longer than an editor."""


class LoggedBatches:
    """Writes batches in a few threads, through a failover; `finish` returns when all are acknowledged.

    The acknowledgement of a batch waits for the replicator, and each batch for the server's disk: while one
    waits, another is written. Batches must not depend on each other's order.
    """

    WRITERS = 3

    def __init__(self) -> None:
        self.transactions = 0
        self._writers = ThreadPoolExecutor(self.WRITERS, thread_name_prefix="load")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Let running batches end; those that have not begun are dropped."""
        self._writers.shutdown(cancel_futures=True)

    def write(self, statements: Callable[[], None]) -> None:
        """Run `statements` as one transaction of the log, soon. Raises what befell an earlier batch.

        They are run in another thread, perhaps several times. At most WRITERS batches wait: a slow server slows
        the reading of the files, and memory stays flat.
        """
        while len(self._pending) >= self.WRITERS:
            self._pending.popleft().result()
        self._pending.append(self._writers.submit(_write, statements))
        self.transactions += 1

    def finish(self) -> None:
        """Wait until every batch is acknowledged. Raises django.db.DatabaseError of the first that is not."""
        while self._pending:
            self._pending.popleft().result()


def _write(statements: Callable[[], None]) -> None:
    try:
        write_once(partial(_run, statements), deadline=BATCH_DEADLINE)
    finally:
        connections.close_all()  # the thread may be the pool's last work; nobody else closes them


def _run(statements: Callable[[], None]) -> None:
    reset_queries()  # with DEBUG on, Django would keep the text of each batch
    statements()
