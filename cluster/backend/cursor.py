"""A cursor of the driver that sends a statement with what goes before and after it in one round trip."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import MySQLdb
from MySQLdb.cursors import Cursor

from cluster.backend.driver import DriverConnection, Rows


class Enclosure(NamedTuple):
    """Statements that travel with another one. Each has exactly one answer."""

    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()


class Answer(NamedTuple):
    """The server's answer to one statement, as the cursor's own fields hold it."""

    rows: Rows
    description: object
    description_flags: object
    rowcount: int
    lastrowid: int | None


class StatementFailed(Exception):
    """The statement was not done, or perhaps not: `done` answers of the round trip had come."""

    def __init__(self, error: Exception, done: int) -> None:
        super().__init__(error)
        self.error, self.done = error, done


Send = Callable[["PipelinedCursor", bytes], None]


class PipelinedCursor(Cursor):  # type: ignore[misc]  # the driver has no types
    """Runs statements through `send` where one is set; reads all their answers at once."""

    send: Send | None = None
    connection: DriverConnection
    rowcount: int
    _more: "deque[Answer]"

    def __init__(self, connection: DriverConnection) -> None:
        super().__init__(connection)
        self._more = deque()

    def _query(self, q: bytes) -> int:
        """Run any statement of the driver, those of `executemany` one by one; return the rows it changed or found."""
        if self.send is None:
            with self._get_db().silence_deadline:
                super()._query(q)
        else:
            self.send(self, q)
        return self.rowcount

    def exchange(self, q: bytes, enclosure: Enclosure) -> Answer:
        """Run `q` enclosed; the answer to the last of all statements. Raises StatementFailed.

        Afterwards the cursor shows the answers to `q` alone.
        """
        answers: list[Answer] = []
        try:
            with self._get_db().silence_deadline:
                self._get_db().query(b"; ".join((*enclosure.before, q, *enclosure.after)))
                self._take(answers)
        except MySQLdb.Error as error:
            raise StatementFailed(error, len(answers)) from error
        self._executed = q
        own = answers[len(enclosure.before) : len(answers) - len(enclosure.after)]
        self._more = deque(own)
        self._show(self._more.popleft())
        return answers[-1]

    def _get_db(self) -> DriverConnection:
        connection: DriverConnection = super()._get_db()
        return connection

    def _take(self, answers: list[Answer]) -> None:
        """Read all answers; what was read before an error stays in `answers`."""
        db = self._get_db()
        while True:
            self._do_get_result(db)
            self._post_get_result()
            answers.append(
                Answer(self._rows, self.description, self.description_flags, self.rowcount, self.lastrowid)
            )
            if db.next_result() == -1:
                return

    def _show(self, answer: Answer) -> None:
        self._rows, self.description, self.description_flags, self.rowcount, self.lastrowid = answer
        self.rownumber = 0

    def nextset(self) -> int | None:
        """Go on to the next answer to the statement; None where there is none."""
        if self._more:
            self._show(self._more.popleft())
            return 1
        with self._get_db().silence_deadline:
            more: int | None = super().nextset()
            return more

    def _discard(self) -> None:
        self._more.clear()
        super()._discard()

    def close(self) -> None:
        """Let the cursor go; where the connection is gone there is nothing to let go of."""
        with suppress(MySQLdb.Error):
            super().close()
