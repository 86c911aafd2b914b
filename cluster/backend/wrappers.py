"""What stands around each call of the driver: the way of a statement, and the names of errors."""

from functools import partial
from types import TracebackType
from typing import Any

import MySQLdb
from django.db import NotSupportedError
from django.db.backends.mysql import base
from django.db.utils import DatabaseErrorWrapper

from cluster.backend import counters, view
from cluster.backend.cursor import PipelinedCursor
from cluster.backend.driver import Arguments, DriverConnection, ManyArguments
from cluster.backend.errors import NotWritable
from cluster.backend.session import Session
from cluster.backend.statements import (
    LOCAL_FILES,
    READING,
    Kind,
    kind,
    needs_primary,
    reads_file_of_client,
    refusal,
)
from cluster.nodes.connection import number
from cluster.protocol.errors import NOT_WRITABLE

DENIED = frozenset({1044, 1045, 1142, 1143, 1227})
ROWS_ALONE = (
    "The application's account changes rows and nothing else, for nothing else is replicated: empty a table by DELETE, "
    "change its shape by migrate, load rows by INSERT or LOAD DATA LOCAL INFILE, and keep working tables in a database "
    "and an alias of their own."
)


class CursorWrapper(base.CursorWrapper):
    """Lets statements that may write go through the session; reads go straight to the server."""

    def __init__(self, cursor: PipelinedCursor, session: Session) -> None:
        super().__init__(cursor)
        self.session = session

    def execute(self, query: str | bytes, args: Arguments | None = None) -> int:
        """Run one statement; return the rows it changed or found."""
        self.prepare(query)
        return int(super().execute(query, args))

    def executemany(self, query: str | bytes, args: ManyArguments) -> int | None:
        """Run one statement for many rows; outside a transaction each that the driver makes of it is one."""
        self.prepare(query)
        changed: int | None = super().executemany(query, args)
        return changed

    def callproc(self, *args: Any) -> Arguments:
        """Call a procedure, which may write; return its arguments."""
        if not self.session.wrapper.is_plain:
            self.cursor.send = partial(
                self.session.send, Kind.WRITE, self.session.wrapper.begins_transaction()
            )
        given: Arguments = self.cursor.callproc(*args)
        return given

    def prepare(self, query: str | bytes) -> None:
        """Choose the way of the statement: through the session or straight. Raises NotSupportedError."""
        if self.session.wrapper.is_plain:
            return
        text = query if isinstance(query, str) else str(query, "utf-8", "replace")
        session = self.session
        found = kind(text, escapes="\\" not in text or escapes(self.cursor.connection))
        if found is Kind.FOREIGN:
            raise NotSupportedError(refusal(text))
        if found is Kind.WRITE and reads_file_of_client(text) and not session.wrapper.allows_local_files:
            raise NotSupportedError(LOCAL_FILES)
        if found is Kind.ROLLBACK:
            session.forget()
        begins = session.wrapper.begins_transaction()
        if begins and session.may_move and needs_primary(found, text) and not view.is_writable():
            self.cursor.connection = session.wrapper.await_writable(session.deadline())
        goes_through = found not in READING and found is not Kind.ROLLBACK
        self.cursor.send = partial(session.send, found, begins) if goes_through else None


class ErrorWrapper(DatabaseErrorWrapper):
    """Gives the kernel's refusals their names, and lets go of a connection that broke."""

    wrapper: Any
    """Django's wrapper of the connection."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, MySQLdb.Error):
            if number(error) == NOT_WRITABLE:
                self.wrapper.errors_occurred = True
                counters.count(counters.Outcome.REFUSED)
                view.distrust(self.wrapper.session.node)
                raise NotWritable(str(error.args[1]), self.wrapper.session.node) from error
            if number(error) in DENIED and self.wrapper.connection is not None and not self.wrapper.is_plain:
                error.args = (error.args[0], f"{error.args[1]}. {ROWS_ALONE}")
            self.wrapper.suspect(error)
        super().__exit__(kind, error, trace)


def escapes(connection: DriverConnection) -> bool:
    """Return whether a backslash escapes in this session's literals, as of the server's last answer."""
    return connection.escape_string(b"\\") != b"\\"
