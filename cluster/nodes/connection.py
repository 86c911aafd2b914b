"""One connection to one MariaDB server, with deadlines and errors that name the node."""

import math
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import MySQLdb
from MySQLdb.connections import Connection as RawConnection
from MySQLdb.cursors import SSCursor

from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName

Row = tuple[Any, ...]
T = TypeVar("T")

FULL = frozenset({1040, 1203, 1226})
"""Error numbers of a server that lives and has no connection left, for anybody or for this account."""
UNREACHABLE = FULL | {2002, 2003, 2005, 2006, 2013, 2055, 1053, 1152, 1159, 1161, 1184, 1927}
"""Error numbers of a server that cannot be reached, went away or is shutting down."""
STATEMENT_BYTES = 1 << 20
CONNECT_SECONDS = 2
"""A server that has not said hello by then is frozen or cut off, however long its caller waits."""
CANNOT_CONNECT = (2002, 2003)
BROKEN = (2006, 2013)
"""The connection ended, or the client library ended it because no answer came in time."""
TOGETHER = 1.0
"""Seconds within which a refusal belongs to the end of the connection before it."""
SILENCE = 0.9
"""Share of the deadline after which an end of the connection is the client library's."""
LONG_SECONDS = 900
"""Seconds that a server may take for a large transaction, a row lock that it waits for among them."""
RETRY = 1213
LOCK_WAIT = 1205

EXACT = "utf8mb4_bin"
"""The collation of the kernel's own words: letter by letter. Beside that of any language, the server takes this one."""
INIT = (
    "SET SESSION time_zone = '+00:00', tx_isolation = 'READ-COMMITTED', foreign_key_checks = 0,"
    " sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',"
    " innodb_lock_wait_timeout = {lock_wait}"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens and as whom to sign in. `database` may be empty during set-up."""

    node: NodeName
    host: str
    port: int
    database: str
    user: str
    password: str


class Connection:
    """A connection that opens when it is first used and again after it broke.

    timeout: seconds that connecting and each answer may take (whole seconds, rounded up: the client
    library counts no less). lock_wait: seconds a statement may wait for a row lock.
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float = 5.0, lock_wait: int = 2) -> None:
        self.endpoint = endpoint
        self.timeout = max(1, math.ceil(timeout))
        self.lock_wait = lock_wait
        self._raw: RawConnection | None = None
        self._known: dict[str, Any] = {}
        self._broke_at: float | None = None
        self.ended = False
        """Whether the server closed an open connection and has refused every one since: its process is dead."""

    @property
    def node(self) -> NodeName:
        """The node at the other end."""
        return self.endpoint.node

    def raw(self) -> RawConnection:
        """Return the driver's connection, opened if need be. Raises NodeUnreachable, NodeFailed."""
        if self._raw is None:
            if self.timeout > CONNECT_SECONDS:
                self.await_hello()
            with self.errors():
                self._raw = MySQLdb.connect(
                    host=self.endpoint.host,
                    port=self.endpoint.port,
                    user=self.endpoint.user,
                    passwd=self.endpoint.password,
                    db=self.endpoint.database,
                    charset="utf8mb4",
                    collation=EXACT,
                    autocommit=True,
                    connect_timeout=min(self.timeout, CONNECT_SECONDS),
                    read_timeout=self.timeout,
                    write_timeout=self.timeout,
                    init_command=INIT.format(lock_wait=self.lock_wait),
                )
            self._broke_at, self.ended = None, False
        return self._raw

    def await_hello(self) -> None:
        """See that a server greets: the driver would wait for a frozen one as long as for an answer.

        Raises NodeUnreachable.
        """
        place = self.endpoint
        if missed := greeting_missed(place.host, place.port):
            self.note(gone=missed.gone)
            raise NodeUnreachable(self.node, missed.sentence, gone=missed.gone)

    def note(self, *, gone: bool = False, broke: bool = False, open: bool = False) -> None:
        """Keep in mind how the connection failed; open: it was established, and not the making of it failed."""
        if open:
            self._broke_at, self.ended = (time.monotonic() if broke else None), False
        elif gone and self._broke_at is not None and time.monotonic() - self._broke_at < TOGETHER:
            self.ended = True

    def line(self) -> int | None:
        """Return the descriptor of the open connection: readable while idle, it has been closed by the server."""
        raw = self._raw
        return None if raw is None else int(raw.fileno())

    def close(self) -> None:
        """Let the connection go, whatever state it is in."""
        raw, self._raw = self._raw, None
        self._known.clear()
        if raw is not None:
            with suppress(MySQLdb.Error):  # it was broken already; nothing is left to let go of
                raw.close()

    def known(self, name: str, ask: Callable[["Connection", str], T]) -> T:
        """Return what `ask` found out about `name`, asked once for each session."""
        if name not in self._known:
            self._known[name] = ask(self, name)
        found: T = self._known[name]
        return found

    def rows(self, sql: str, params: Sequence[object] | None = None) -> tuple[Row, ...]:
        """Run one statement; its rows. Rows of a procedure's last result set when it has several."""
        with self.errors():
            cursor = self.raw().cursor()
            cursor.execute(sql, params)
            rows = tuple(cursor.fetchall())
            while cursor.nextset():
                rows = tuple(cursor.fetchall()) or rows
            cursor.close()
            return rows

    def row(self, sql: str, params: Sequence[object] | None = None) -> Row:
        """Run one statement that gives exactly one row."""
        return self.rows(sql, params)[0]

    def run(self, sql: str, params: Sequence[object] | None = None) -> int:
        """Run one statement without rows; the number of rows it changed."""
        with self.errors():
            cursor = self.raw().cursor()
            changed = cursor.execute(sql, params)
            cursor.close()
            return int(changed or 0)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one INSERT for many rows; rows changed.

        The driver packs them into few statements as long as VALUES holds placeholders alone.
        """
        with self.errors():
            cursor = self.raw().cursor()
            cursor.max_stmt_length = STATEMENT_BYTES
            changed = cursor.executemany(sql, list(rows))
            cursor.close()
            return int(changed or 0)

    def stream(self, sql: str, params: Sequence[object] | None = None) -> Iterator[Row]:
        """Yield the rows of one statement, not held in memory here. The connection is busy meanwhile."""
        with self.errors():
            cursor = self.raw().cursor(SSCursor)
            cursor.execute(sql, params)
            try:
                yield from cursor
            except GeneratorExit:  # the caller wants no more; the rest must be read before the next statement
                cursor.close()
                raise
            cursor.close()

    @contextmanager
    def long_deadline(self) -> Iterator["Connection"]:
        """Open a further connection to the same server, for a statement whose time grows with what a client wrote."""
        connection = Connection(self.endpoint, timeout=LONG_SECONDS, lock_wait=LONG_SECONDS)
        try:
            yield connection
        finally:
            connection.close()

    def escape(self, value: str) -> str:
        """Return a text for between quotes, where a statement takes no placeholder."""
        escaped: bytes = self.raw().escape_string(value.encode())
        return escaped.decode()

    def commit(self) -> None:
        """Commit the open transaction."""
        self.run("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One moment of the node for all that is read in the block."""
        self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with self.rolled_back_on_error():
            self.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield
            self.commit()

    @contextmanager
    def rolled_back_on_error(self) -> Iterator[None]:
        """Roll an open transaction back when the block fails; a connection that cannot is let go."""
        try:
            yield
        except BaseException:
            try:
                if self._raw is not None:
                    self.run("ROLLBACK")
            except (NodeUnreachable, NodeFailed):
                self.close()
            raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the driver's errors into the cluster's; a broken connection is dropped."""
        began = time.monotonic()
        try:
            yield
        except MySQLdb.Error as error:
            code, text = number(error), str(error.args[-1]) if error.args else str(error)
            if code in UNREACHABLE or isinstance(error, MySQLdb.InterfaceError):
                was_open = self._raw is not None
                self.close()
                soon = time.monotonic() - began < SILENCE * min(self.timeout, CONNECT_SECONDS)
                gone = code in CANNOT_CONNECT and soon and is_refused(self.endpoint, self.timeout)
                broke = code in BROKEN and time.monotonic() - began < SILENCE * self.timeout
                self.note(gone=gone, broke=broke, open=was_open)
                reason = in_words(code, text, self, gone, broke)
                full = code in FULL
                raise NodeUnreachable(self.node, reason, gone=gone, broke=broke, full=full) from error
            raise NodeFailed(self.node, f"{text} ({code})", code) from error


def number(error: MySQLdb.Error) -> int:
    """Return the error number of a driver error, 0 when it has none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


@dataclass(frozen=True, slots=True)
class Missed:
    """Why a server did not greet. gone: nobody listens there."""

    sentence: str
    gone: bool = False


def greeting_missed(host: str, port: int) -> Missed | None:
    """Return why a server does not greet within CONNECT_SECONDS; None when it does."""
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS) as line:
            return None if line.recv(1) else Missed(f"{host}:{port} hung up")
    except ConnectionRefusedError:
        return Missed(f"connection refused at {host}:{port}", gone=True)
    except OSError:
        return Missed(f"no answer from {host}:{port} within {CONNECT_SECONDS} s")


def is_refused(endpoint: Endpoint, timeout: float) -> bool:
    """Return whether nobody listens there: the client library does not tell a refusal from an unknown host.

    Ask only where the library came back soon: after a silence this would wait as long once more.
    """
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def in_words(code: int, text: str, connection: Connection, gone: bool, broke: bool) -> str:
    """Return why a server cannot be reached, with its address."""
    where = f"{connection.endpoint.host}:{connection.endpoint.port}"
    if gone:
        return f"connection refused at {where}"
    if broke:
        return f"the connection to {where} broke"
    if code in FULL:
        return f"it has no free connection: {text} ({code}) at {where}"
    if code in BROKEN:
        return f"no answer from {where} within {connection.timeout} s"
    return f"{text} ({code}) at {where}"
