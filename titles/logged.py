"""Bulk writes through the log: a transaction a batch, written and acknowledged side by side."""

import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

from django.db import OperationalError, connections, transaction

DEADLOCK: Final = 1213
NOT_WRITABLE: Final = 45001
NOT_ACKNOWLEDGED: Final = 45003

PATIENCE: Final = 15.0
"""Seconds that a batch is tried again while the node does not take writes: its lease may have lapsed
under the load, or the primary is being changed. The batch was rolled back each time."""
PAUSE: Final = 0.25
ACKNOWLEDGEMENT_WAITS: Final = 10
"""A loader waits so many times as long as an editor for a second node."""


class LoggedBatches:
    """Writes batches to the database `using` in a few threads; `finish` returns when all are acknowledged.

    The acknowledgement of a batch waits for the replicator, and each batch for the server's disk: while one
    waits, another is written. Batches must not depend on each other's order.
    """

    WRITERS = 3

    def __init__(self, using: str) -> None:
        self.using = using
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

        They are run in another thread, and again with the same transaction id after a deadlock. At most
        WRITERS batches wait: a slow server slows the reading of the files, and memory stays flat.
        """
        while len(self._pending) >= self.WRITERS:
            self._pending.popleft().result()
        self._pending.append(self._writers.submit(_write, self.using, statements))
        self.transactions += 1

    def finish(self) -> None:
        """Wait until every batch is acknowledged. Raises django.db.DatabaseError of the first that is not."""
        while self._pending:
            self._pending.popleft().result()


def _write(using: str, statements: Callable[[], None]) -> None:
    """One batch in a session of its own, which leaves no transaction id behind for another write."""
    transaction_id = str(uuid.uuid4())
    deadline = time.monotonic() + PATIENCE
    try:
        while not _committed(using, transaction_id, statements, deadline):
            time.sleep(PAUSE)
        _await(using, transaction_id)
    finally:
        connections[using].close()


def _committed(using: str, transaction_id: str, statements: Callable[[], None], deadline: float) -> bool:
    """Try once. False when all was rolled back and may be tried again with the same id."""
    try:
        _commit(using, transaction_id, statements)
    except OperationalError as error:
        if error.args[0] not in (DEADLOCK, NOT_WRITABLE) or time.monotonic() > deadline:
            raise
        return False
    return True


def _commit(using: str, transaction_id: str, statements: Callable[[], None]) -> None:
    connection = connections[using]
    connection.queries_log.clear()  # with DEBUG on, Django would keep the text of each batch
    with connection.cursor() as cursor:
        cursor.execute("SET @current_transaction_id = %s", [transaction_id])
    with transaction.atomic(using=using):
        statements()


def _await(using: str, transaction_id: str) -> None:
    """Raises django.db.OperationalError, 45003, when no second node confirms in time."""
    for wait in range(1, ACKNOWLEDGEMENT_WAITS + 1):
        try:
            with connections[using].cursor() as cursor:
                cursor.execute("CALL await_acknowledgement(%s, NULL)", [transaction_id])
            return
        except OperationalError as error:
            if error.args[0] != NOT_ACKNOWLEDGED or wait == ACKNOWLEDGEMENT_WAITS:
                raise
