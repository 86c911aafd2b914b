"""A Django database backend on the MySQL one, for the cluster and for its nodes: ENGINE = "cluster.backend".

The alias of a node is a connection to that node. Any other alias is the cluster: it is connected to the node that
takes writes, and moves with a failover between two transactions, never inside one.

Every commit that wrote replicated rows returns when a second node has it, or raises NotAcknowledged. Reads
cost what they cost on the MySQL backend.
"""

import select
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from types import TracebackType
from typing import Any

import MySQLdb
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, OperationalError, connections
from django.db.backends.mysql import base
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]
from django.db.utils import DatabaseErrorWrapper

from cluster.backend import counters, view
from cluster.backend.context import NODES
from cluster.backend.creation import DatabaseCreation, is_test_database, place
from cluster.backend.cursor import PipelinedCursor
from cluster.backend.driver import Arguments, DriverConnection, ManyArguments, Rows
from cluster.backend.errors import NotWritable
from cluster.backend.operations import DatabaseOperations
from cluster.backend.session import Session, is_broken
from cluster.backend.silence import SilenceDeadline, within
from cluster.backend.statements import LOCAL_FILES, Kind, kind, reads_file_of_client, refusal
from cluster.nodes.connection import CONNECT_SECONDS, greeting_missed, number
from cluster.nodes.expected_server import EXPECTED_SERVER
from cluster.protocol.errors import NOT_WRITABLE
from cluster.protocol.names import NodeName

DEADLINES = {"connect_timeout": CONNECT_SECONDS, "read_timeout": 5, "write_timeout": 5}
"""Seconds for connecting, for a node that has fallen silent and for a statement's way to the server, where OPTIONS say
nothing."""
STATEMENT_TIMEOUT = 3600
"""Seconds that a statement may take on a node that answers, where OPTIONS["statement_timeout"] does not say."""
CANNOT_CONNECT = 2003
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
            self.cursor.send = partial(self.session.send, Kind.WRITE)
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
        goes_through = found not in (Kind.READ, Kind.ROLLBACK)
        self.cursor.send = partial(session.send, found) if goes_through else None


class ErrorWrapper(DatabaseErrorWrapper):
    """Gives the kernel's refusals their names, and lets go of a connection that broke."""

    wrapper: "DatabaseWrapper"

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


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to one node: the one that the alias names, else the one that takes writes."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        super().__init__(settings_dict, alias)
        self.session = Session(self)
        self.follows_primary = alias not in NODES
        self.is_connecting = False
        self.given_options = settings_dict.get("OPTIONS") or {}
        self.is_between_transactions = True
        """Whether nothing was asked for since the last one ended; where each statement ends one, that never matters."""

    @cached_property
    def wrap_database_errors(self) -> ErrorWrapper:
        """Wrap every call of the driver."""
        return ErrorWrapper(self)

    def get_connection_params(self) -> dict[str, Any]:
        """Add deadlines on every wait, and a cursor that takes the answers to several statements at once."""
        return DEADLINES | super().get_connection_params() | {"cursorclass": PipelinedCursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> DriverConnection:
        """Open a connection whose waits end when the node falls silent. Raises driver errors."""
        given = dict(conn_params)
        silence, longest = given["read_timeout"], given.pop("statement_timeout", STATEMENT_TIMEOUT)
        host = given.get("host", "localhost")
        if "unix_socket" not in given and host != "localhost":  # for which the driver takes a socket file
            await_greeting(
                host, given.get("port", 3306)
            )  # the driver itself would wait as long as for an answer
        given["read_timeout"] = max(silence, longest)
        connection: DriverConnection = within(silence, partial(super().get_new_connection, given))
        connection.silence_deadline = SilenceDeadline(connection, self.session.node, silence)
        return connection

    def connect(self) -> None:
        """Connect to the node of the moment; what prepares the session is no transaction that may move."""
        self.is_connecting = True
        try:
            super().connect()
        finally:
            self.is_connecting = False

    def init_connection_state(self) -> None:
        """Prepare the session: what a statement computes, such as a cast, compares with the columns of the database."""
        super().init_connection_state()
        with self.cursor() as cursor:
            cursor.execute("SET collation_connection = @@collation_database")

    def create_cursor(self, name: str | None = None) -> CursorWrapper:
        """Return a cursor whose writes are acknowledged."""
        self.is_between_transactions = False
        return CursorWrapper(self.connection.cursor(), self.session)

    def run_plainly(self, *statements: str) -> list[Rows]:
        """Run the backend's own statements in one round trip; return the rows of each."""
        self.ensure_connection()
        cursor = PipelinedCursor(self.connection)
        with self.wrap_database_errors:
            cursor.execute("; ".join(statements))
            rows = [cursor.fetchall()]
            while cursor.nextset():
                rows.append(cursor.fetchall())
            cursor.close()
        return rows

    # The node

    @property
    def is_plain(self) -> bool:
        """Return whether this is a test database: one server's, with no second node to wait for."""
        return self.follows_primary and is_test_database(self.settings_dict)

    @property
    def allows_local_files(self) -> bool:
        """Return whether the driver may send the server a file that a statement names."""
        return bool(self.settings_dict["OPTIONS"].get("local_infile"))

    @cached_property
    def mysql_server_data(self) -> dict[str, Any]:
        """Return what Django asks a server once; for the cluster, what it expects while no node can be asked.

        Migrations of some apps ask while they are imported, and they are before a new node has accounts.
        """
        try:
            found: dict[str, Any] = super().mysql_server_data
        except OperationalError:
            if not self.follows_primary:
                raise
            return EXPECTED_SERVER
        return found

    @property
    def node(self) -> NodeName:
        """Return the node that this connection is to, or was to last."""
        return self.session.node

    def follow_primary(self) -> None:
        """Let the next transaction of the cluster's alias meet the node that takes writes, or that did last.

        Raises NoPrimary when none was ever seen.
        """
        node = view.shared().home()
        if self.connection is not None and node is self.session.node:
            return
        by_hand = self.connection is not None and not self.autocommit
        self.close()
        self.session.node = node
        options = connections.settings[node.value]["OPTIONS"] | self.given_options
        self.settings_dict = self.settings_dict | place(node) | {"OPTIONS": options}
        if by_hand:  # a new connection of Django's commits each statement
            self.connect()
            self.set_autocommit(False)

    def may_move(self) -> bool:
        """Return whether the alias follows the primary and no transaction is open."""
        if not self.follows_primary or self.is_plain or self.in_atomic_block or self.is_connecting:
            return False
        return self.is_between_transactions or not self.session.in_transaction

    # Connections that broke

    def ensure_connection(self) -> None:
        """Connect if need be, also where the server has closed the connection meanwhile; without a round trip."""
        if self.may_move():
            self.follow_primary()
        self.close_if_hung_up()
        super().ensure_connection()

    def close_if_hung_up(self) -> None:
        """Let go of a connection that the server has closed."""
        if self.connection is not None and not self.session.in_transaction and hung_up(self.connection):
            view.distrust(self.session.node)
            self.close()

    def close_if_unusable_or_obsolete(self) -> None:
        """Do what Django does before and after each request, without connecting to a server that is gone."""
        self.close_if_hung_up()
        super().close_if_unusable_or_obsolete()

    def suspect(self, error: BaseException) -> None:
        """Close the connection if it broke, so that the next use opens another, and probe the nodes again."""
        if is_broken(error):
            view.distrust(self.session.node)
            self.close()

    def close(self) -> None:
        """Close the connection; what was not committed is gone with it."""
        self.session.lost()
        self.is_between_transactions = True
        super().close()

    # The ends of transactions

    def awaiting(self) -> AbstractContextManager[None]:
        """Wrap a call of the driver that waits for the server."""
        return nullcontext() if self.connection is None else self.connection.silence_deadline

    def is_usable(self) -> bool:
        """Return whether the server answers."""
        with self.awaiting():
            return bool(super().is_usable())

    def _commit(self) -> None:
        self.is_between_transactions = True
        if self.connection is None or self.session.transaction_id is None:
            with self.awaiting():
                super()._commit()  # type: ignore[misc]
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            cursor = PipelinedCursor(self.connection)
            self.session.commit(cursor)
            cursor.close()

    def _rollback(self) -> None:
        self.is_between_transactions = True
        self.session.forget()
        with self.awaiting():
            super()._rollback()  # type: ignore[misc]

    def _set_autocommit(self, autocommit: bool) -> None:
        if autocommit and self.session.transaction_id is not None:
            self._commit()  # the server would commit now, and nobody would wait for the second node
        if self.connection.get_autocommit() != autocommit:  # the driver knows it from the last answer
            with self.awaiting():
                super()._set_autocommit(autocommit)  # type: ignore[misc]

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Do as Django does; where the connection broke at the end of a transaction, the next one begins so anyway.

        Only an atomic block forces the beginning: its end is known to be the end of the transaction.
        """
        if autocommit and self.connection is None:
            self.autocommit = True
            return
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        self.session.is_block = force_begin_transaction_with_broken_autocommit


def await_greeting(host: str, port: int) -> None:
    """Wait until a server greets. Raises the driver's OperationalError, as it would itself."""
    reason = greeting_missed(host, port)
    if reason is not None:
        raise MySQLdb.OperationalError(
            CANNOT_CONNECT, f"Can't connect to server on '{host}': {reason.sentence}"
        )


def escapes(connection: DriverConnection) -> bool:
    """Return whether a backslash escapes in this session's literals, as of the server's last answer."""
    return connection.escape_string(b"\\") != b"\\"


def hung_up(connection: DriverConnection) -> bool:
    """Return whether the server has closed an idle connection: only then there is something to read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
