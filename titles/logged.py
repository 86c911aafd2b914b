"""Bulk writes through the log: a transaction a batch, acknowledged while the next are written."""

import time
import uuid
from collections import deque
from collections.abc import Callable
from typing import Final

from django.db import OperationalError, connections, transaction

DEADLOCK: Final = 1213
NOT_WRITABLE: Final = 45001
NOT_ACKNOWLEDGED: Final = 45003


class LoggedBatches:
    """Writes batches to the database `using`; at most `window` of them wait for acknowledgement.

    The acknowledgement of a batch waits for the replicator, which works in batches itself: waiting
    for each one before the next is written would leave both idle in turn. `finish` returns only
    when all are acknowledged.
    """

    PATIENCE = 15.0
    """Seconds that a batch is tried again while the node does not take writes: its lease may have
    lapsed under the load, or the primary is being changed. The batch was rolled back each time."""
    PAUSE = 0.25
    ACKNOWLEDGEMENT_WAITS = 10

    def __init__(self, using: str, window: int = 4) -> None:
        self.using = using
        self.window = window
        self.transactions = 0
        self._unacknowledged: deque[str] = deque()

    def write(self, statements: Callable[[], None]) -> None:
        """Run `statements` as one transaction of the log. Raises django.db.DatabaseError."""
        transaction_id = str(uuid.uuid4())
        deadline = time.monotonic() + self.PATIENCE
        while not self._committed(transaction_id, statements, deadline):
            time.sleep(self.PAUSE)
        self.transactions += 1
        self._unacknowledged.append(transaction_id)
        while len(self._unacknowledged) > self.window:
            self._await(self._unacknowledged.popleft())

    def finish(self) -> None:
        """Wait until every batch is acknowledged. Raises django.db.OperationalError, 45003."""
        while self._unacknowledged:
            self._await(self._unacknowledged.popleft())

    def close(self) -> None:
        """End the session, so that no transaction id is left in it for somebody else's write."""
        connections[self.using].close()

    def _committed(self, transaction_id: str, statements: Callable[[], None], deadline: float) -> bool:
        """Try once. False when all was rolled back and may be tried again with the same id."""
        try:
            self._commit(transaction_id, statements)
        except OperationalError as error:
            if error.args[0] not in (DEADLOCK, NOT_WRITABLE) or time.monotonic() > deadline:
                raise
            return False
        return True

    def _commit(self, transaction_id: str, statements: Callable[[], None]) -> None:
        connection = connections[self.using]
        connection.queries_log.clear()  # with DEBUG on, Django would keep the text of each batch
        with connection.cursor() as cursor:
            cursor.execute("SET @current_transaction_id = %s", [transaction_id])
        with transaction.atomic(using=self.using):
            statements()

    def _await(self, transaction_id: str) -> None:
        """A loader waits ten times as long as an editor before it gives up."""
        for wait in range(1, self.ACKNOWLEDGEMENT_WAITS + 1):
            try:
                with connections[self.using].cursor() as cursor:
                    cursor.execute("CALL await_acknowledgement(%s, NULL)", [transaction_id])
                return
            except OperationalError as error:
                if error.args[0] != NOT_ACKNOWLEDGED or wait == self.ACKNOWLEDGEMENT_WAITS:
                    raise
