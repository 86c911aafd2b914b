"""A Django database backend on the MySQL one, for the cluster and for its nodes: ENGINE = "cluster.backend".

The alias of a node is a connection to that node. Any other alias is the cluster: it is connected to the node that
takes writes, and moves with a failover between two transactions, never inside one.

Every commit that wrote replicated rows returns when a second node has it, or raises NotAcknowledged. Reads
cost what they cost on the MySQL backend.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from typing import Any

import MySQLdb
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.mysql import base
from django.db.backends.utils import debug_transaction  # type: ignore[attr-defined]

from cluster.backend import view
from cluster.backend.alarm import await_primary
from cluster.backend.client import DatabaseClient
from cluster.backend.context import NODES
from cluster.backend.creation import DatabaseCreation, is_test_database, place
from cluster.backend.cursor import PipelinedCursor
from cluster.backend.driver import DriverConnection, Rows, hung_up
from cluster.backend.operations import DatabaseOperations
from cluster.backend.session import Session, is_broken
from cluster.backend.silence import SilenceDeadline, within
from cluster.backend.wrappers import CursorWrapper, ErrorWrapper
from cluster.nodes.connection import CONNECT_SECONDS, greeting_missed
from cluster.nodes.expected_server import EXPECTED_SERVER
from cluster.protocol.names import NodeName

DEADLINES = {"connect_timeout": CONNECT_SECONDS, "read_timeout": 5, "write_timeout": 5}
"""Seconds for connecting, for a node that has fallen silent and for a statement's way to the server, where OPTIONS say
nothing."""
STATEMENT_TIMEOUT = 3600
"""Seconds that a statement may take on a node that answers, where OPTIONS["statement_timeout"] does not say."""
CANNOT_CONNECT = 2003
BLOCK = (
    "in_atomic_block", "commit_on_exit", "savepoint_ids", "atomic_blocks", "needs_rollback", "run_on_commit",
)  # fmt: skip
"""What Django's wrapper knows of an atomic block, and forgets with a connection."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to one node: the one that the alias names, else the one that takes writes."""

    client_class = DatabaseClient
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
        self.early_savepoints: list[str] = []
        """Those that were made before anything was asked for."""

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
        return self.is_fresh

    @property
    def is_fresh(self) -> bool:
        """Return whether nothing was asked for in the open transaction, if there is one."""
        if not self.session.in_transaction:
            return True
        return self.is_between_transactions and not self.session.by_hand

    def begins_transaction(self) -> bool:
        """Return whether the statement that is sent now is the first of its transaction."""
        begins = self.is_fresh
        if not self.is_connecting:
            self.is_between_transactions = not self.session.in_transaction
        return begins

    @property
    def may_meet_primary(self) -> bool:
        """Return whether a transaction that has asked for nothing yet may begin on another node."""
        return self.follows_primary and not self.is_plain

    def await_writable(self, deadline: float) -> DriverConnection:
        """Stay on this node if it is found to take writes, else as `meet_primary`."""
        if await_primary(deadline) is self.session.node:
            connection: DriverConnection = self.connection
            return connection
        return self.meet_primary(deadline)

    def meet_primary(self, deadline: float) -> DriverConnection:
        """Connect anew to the node that takes writes, as soon as there is one; return the connection.

        For a transaction that has asked for nothing yet: its block goes on there. deadline: monotonic seconds.
        Raises NoPrimary, OperationalError.
        """
        view.distrust(self.session.node)
        block = {name: getattr(self, name) for name in BLOCK}
        by_hand, is_block, savepoints = not self.autocommit, self.session.is_block, self.early_savepoints
        self.in_atomic_block = False  # else the end of the connection would be that of the block
        try:
            self.close()
            self.connect_to_primary(deadline)
            if by_hand:
                self.set_autocommit(False)
        finally:
            for name, value in block.items():
                setattr(self, name, value)
            if self.connection is None and self.in_atomic_block:
                self.closed_in_transaction = self.needs_rollback = True
        self.session.is_block = is_block
        for savepoint in savepoints:
            self._savepoint(savepoint)
        self.is_between_transactions = False
        return self.connection  # type: ignore[no-any-return]

    def connect_to_primary(self, deadline: float) -> None:
        """Connect to the node that takes writes, one after the other. Raises NoPrimary, OperationalError."""
        while await_primary(deadline) is not None:
            try:
                self.ensure_connection()
            except OperationalError:
                view.distrust(self.session.node)
                if time.monotonic() >= deadline:
                    raise
            else:
                return
        raise view.shared().no_primary()

    def _savepoint(self, sid: str) -> None:
        begins = self.is_between_transactions
        super()._savepoint(sid)  # type: ignore[misc]
        if begins:  # it can be made anew elsewhere
            self.is_between_transactions = True
            self.early_savepoints.append(sid)

    def end_of_transaction(self) -> None:
        """Let the next statement begin a transaction."""
        self.is_between_transactions, self.early_savepoints = True, []

    # Connections that broke

    def ensure_connection(self) -> None:
        """Connect if need be, also where the server has closed the connection meanwhile; without a round trip.

        Where no transaction is open and the node cannot be reached, to the one that is next to be asked.
        """
        moves = self.may_move()
        if moves:
            self.follow_primary()
        if self.close_if_hung_up() and moves:
            self.follow_primary()
        try:
            super().ensure_connection()
        except OperationalError:
            node = self.session.node
            if moves and self.connection is None:
                view.distrust(node)
                self.follow_primary()
            if self.session.node is node:
                raise
            super().ensure_connection()

    def close_if_hung_up(self) -> bool:
        """Let go of a connection that the server has closed; return whether it had."""
        if self.connection is None or self.session.in_transaction or not hung_up(self.connection):
            return False
        view.distrust(self.session.node)
        self.close()
        return True

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
        self.end_of_transaction()
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
        self.end_of_transaction()
        if self.connection is None or self.session.transaction_id is None:
            with self.awaiting():
                super()._commit()  # type: ignore[misc]
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            cursor = PipelinedCursor(self.connection)
            self.session.commit(cursor)
            cursor.close()

    def _rollback(self) -> None:
        self.end_of_transaction()
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
