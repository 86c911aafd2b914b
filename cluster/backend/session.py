"""The transaction of one connection: its id, its lock, its acknowledgement.

A transaction gets its id with its first write, in the same round trip, and gives it back with its end: no id
is left behind for the next one.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import MySQLdb
from django.db import DatabaseError, InterfaceError, NotSupportedError

from cluster.backend import counters
from cluster.backend.context import Position, last_write, remember
from cluster.backend.counters import Outcome
from cluster.backend.cursor import Enclosure, PipelinedCursor, StatementFailed
from cluster.backend.driver import Rows
from cluster.backend.errors import Hook, NotAcknowledged, NotWritable, StillRunning
from cluster.backend.statements import OWN_TRANSACTIONS, Kind
from cluster.conf import conf
from cluster.nodes.connection import UNREACHABLE, number
from cluster.protocol.errors import INVALID, NOT_ACKNOWLEDGED, NOT_WRITABLE
from cluster.protocol.exactly_once import write_lock
from cluster.protocol.names import NodeName

UNLESS_OPEN = (
    f"BEGIN NOT ATOMIC IF @@in_transaction THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {INVALID}; END IF; END"
).encode()
"""Ends a round trip where the statement before it has left a transaction open."""
POSITION = (
    "SELECT MAX(epoch), MAX(log_id) FROM transaction_log WHERE transaction_id = '{id}' AND log_type = 'ROW'"
)


@dataclass
class Choice:
    """An id that was chosen for the next transaction. locked: whether the session holds its lock."""

    transaction_id: str
    lock: bool = True
    locked: bool = False


class Wrapper(Protocol):
    """Django's wrapper of a connection, as far as its session needs it; base.DatabaseWrapper is one."""

    alias: str
    autocommit: bool
    in_atomic_block: bool
    settings_dict: dict[str, Any]
    connection: Any
    """A DriverConnection, None while there is none."""
    run_on_commit: list[tuple[set[str], Hook]]

    @property
    def is_plain(self) -> bool:
        """Whether it is to a test database, with no second node to wait for."""

    @property
    def allows_local_files(self) -> bool:
        """Whether the driver may send a file."""

    def begins_transaction(self) -> bool:
        """Whether the statement that is sent now is the first of its transaction."""

    @property
    def may_meet_primary(self) -> bool:
        """Whether a transaction that has asked for nothing yet may begin on another node."""

    def await_writable(self, deadline: float) -> Any:
        """Stay on a node that takes writes, else as `meet_primary`."""

    def meet_primary(self, deadline: float) -> Any:
        """Connect anew to the node that takes writes, as soon as there is one; return the connection."""

    def run_plainly(self, *statements: str) -> list[Rows]:
        """Run the backend's own statements in one round trip; the rows of each."""

    def suspect(self, error: BaseException) -> None:
        """Close the connection if the error means that it broke."""


class Session:
    """What the backend knows of the transaction that is open on its connection, if any."""

    def __init__(self, wrapper: Wrapper) -> None:
        self.wrapper = wrapper
        self.node = NodeName(wrapper.alias) if wrapper.alias in set(NodeName) else NodeName.MAIN
        self.transaction_id: str | None = None
        """The id that the open transaction wrote with; None while it wrote nothing."""
        self.choice: Choice | None = None
        self.by_hand = False
        """Whether a statement, not Django, began a transaction."""
        self.is_block = False
        """Whether it is an atomic block: after it, each statement commits by itself again."""
        self.position: Position | None = None
        """Of the last acknowledged transaction, where `wants_position`."""

    @property
    def epoch(self) -> int | None:
        """Of the last acknowledged transaction, where it wrote something replicated and its position was asked for."""
        return self.position.epoch if self.position else None

    # What happens to the transaction

    def forget(self) -> None:
        """Take the open transaction for ended without a commit."""
        self.transaction_id, self.by_hand = None, False

    def lost(self) -> None:
        """Take the connection for gone, and the lock with it."""
        self.forget()
        if self.choice:
            self.choice.locked = False

    @property
    def in_transaction(self) -> bool:
        """Whether a statement that ends now commits nothing yet."""
        return self.by_hand or self.wrapper.in_atomic_block or not self.wrapper.autocommit

    # Statements

    def send(self, kind: Kind, begins: bool, cursor: PipelinedCursor, q: bytes) -> None:
        """Run one statement that may write or that begins or ends a transaction.

        begins: whether nothing was asked for before it in its transaction; then it waits for a node that takes writes.
        Raises NotAcknowledged, NoPrimary, NotSupportedError, driver errors.
        """
        if kind is Kind.BEGIN:
            self.begin(cursor, q)
        elif kind is Kind.COMMIT:
            self.commit(cursor, q)
        elif kind is Kind.COMMITTING and self.transaction_id is not None:
            self.commit_by(cursor, q, self.transaction_id)
        elif self.transaction_id is not None:
            self.exchange(cursor, q, Enclosure())
        elif self.in_transaction:
            self.on_primary(partial(self.write_first, cursor, q), cursor, moves=begins)
        else:
            self.on_primary(partial(self.run_alone, kind, cursor, q), cursor)

    @property
    def may_move(self) -> bool:
        """Whether a first statement may go to another node; who chose an id begins again by itself."""
        return self.choice is None and self.wrapper.may_meet_primary

    def deadline(self) -> float:
        """Return until when a write that begins now may wait for a primary (monotonic seconds)."""
        return time.monotonic() + conf().write_deadline

    def on_primary(self, attempt: Callable[[], None], cursor: PipelinedCursor, *, moves: bool = True) -> None:
        """Run the first statement of a transaction; where its node takes no writes, on the one that does.

        It was refused, so nothing was written. Raises NoPrimary, and what the attempt raises.
        """
        deadline: float | None = None
        while True:
            try:
                attempt()
            except MySQLdb.Error as error:
                if number(error) != NOT_WRITABLE or not (moves and self.may_move):
                    raise
                deadline = deadline or self.deadline()
                if time.monotonic() >= deadline:
                    raise
            else:
                return
            cursor.connection = self.wrapper.meet_primary(deadline)

    def write_first(self, cursor: PipelinedCursor, q: bytes) -> None:
        """Run the first statement of a transaction that may write."""
        transaction_id = self.new_id()
        before = self.beginning(transaction_id)
        self.transaction_id = transaction_id
        self.exchange(cursor, q, Enclosure(before))

    def exchange(self, cursor: PipelinedCursor, q: bytes, enclosure: Enclosure) -> None:
        """Run a statement that commits nothing."""
        try:
            cursor.exchange(q, enclosure)
        except StatementFailed as undone:
            raise undone.error from undone.error.__cause__

    def run_alone(self, kind: Kind, cursor: PipelinedCursor, q: bytes) -> None:
        """Run a statement that is a transaction by itself, or a procedure with several."""
        if not cursor.connection.get_autocommit():  # the driver knows it from the last answer
            raise NotSupportedError(
                "This session commits nothing by itself, and Django does not know: a procedure, perhaps, has set "
                "autocommit to 0. Nothing was written. Call transaction.set_autocommit(True) first."
            )
        transaction_id = self.new_id()
        before = self.beginning(transaction_id)
        if kind is Kind.ROWS:
            self.end(cursor, q, transaction_id, before)
            return
        try:
            cursor.exchange(q, Enclosure(before))
        except StatementFailed as undone:
            self.refuse_half(undone.error, transaction_id)
            raise self.outcome(undone, transaction_id, committed=False) from undone.error
        try:
            self.confirm(transaction_id, UNLESS_OPEN)
        except MySQLdb.Error as error:
            if number(error) != INVALID:
                raise
            self.exchange(PipelinedCursor(cursor.connection), b"ROLLBACK", Enclosure())
            raise NotSupportedError(
                f"The statement left a transaction open, which was undone. {OWN_TRANSACTIONS}"
            ) from error

    def refuse_half(self, error: Exception, transaction_id: str) -> None:
        """Raise NotWritable where what was refused has committed something before: it must not run again."""
        if isinstance(error, MySQLdb.Error) and number(error) == NOT_WRITABLE and self.may_move:
            (found,) = self.wrapper.run_plainly(POSITION.format(id=transaction_id))
            if position_in(found) is not None:
                raise NotWritable(str(error.args[1]), self.node) from error

    def commit_by(self, cursor: PipelinedCursor, q: bytes, transaction_id: str) -> None:
        """Run a statement before which the server commits what is open, also where it refuses it then."""
        refused: MySQLdb.Error | None = None
        try:
            self.exchange(cursor, q, Enclosure())
        except MySQLdb.Error as error:
            refused = error
            if is_broken(error):
                raise self.outcome(StatementFailed(error, 0), transaction_id, committed=True) from error
        other = PipelinedCursor(self.wrapper.connection)
        other.execute("SELECT @@in_transaction")
        if not other.fetchone()[0]:
            self.forget()
            self.end(other, b"DO 0", transaction_id, ())
        other.close()
        if refused is not None:
            raise refused

    def begin(self, cursor: PipelinedCursor, q: bytes) -> None:
        """Begin a transaction by hand. The server commits one that is open; if it wrote, wait for that."""
        self.commit(cursor, q)
        self.by_hand = True

    def commit(self, cursor: PipelinedCursor, q: bytes = b"COMMIT") -> None:
        """End the open transaction; wait for the acknowledgement if it wrote."""
        transaction_id, self.transaction_id, self.by_hand = self.transaction_id, None, False
        if self.is_block and not self.wrapper.in_atomic_block:
            q += b"; SET autocommit = 1"  # Django would ask for it next
        if transaction_id is None:
            self.exchange(cursor, q, Enclosure())
        else:
            self.end(cursor, q, transaction_id, ())

    def end(self, cursor: PipelinedCursor, q: bytes, transaction_id: str, before: tuple[bytes, ...]) -> None:
        """Run `q`, which commits, and wait until a second node has the transaction."""
        after, choice, wants_position = self.ending(transaction_id), self.choice, self.wants_position
        self.choice = None  # it was for this transaction, not for what runs on its commit
        began = time.monotonic()
        try:
            last = cursor.exchange(q, Enclosure(before, after))
        except StatementFailed as undone:
            committed = undone.done > len(before)
            raise self.outcome(undone, transaction_id, committed=committed) from undone.error
        counters.count(Outcome.ACKNOWLEDGED, time.monotonic() - began)
        if choice:
            choice.locked = False
        if wants_position:
            self.position = position_in(last.rows)
            remember(self.position or last_write())

    def outcome(self, undone: StatementFailed, transaction_id: str, *, committed: bool) -> Exception:
        """Return what to raise: the server's error where it sent one, else that the outcome is unknown."""
        broken = is_broken(undone.error)
        if not (committed or broken or number(undone.error) == NOT_ACKNOWLEDGED):
            return undone.error
        counters.count(Outcome.UNKNOWN)
        error = NotAcknowledged(transaction_id, self.node, why(undone.error, broken))
        error.hooks = [entry[1] for entry in self.wrapper.run_on_commit]
        self.wrapper.suspect(undone.error)
        return error

    # SQL that travels with statements

    def new_id(self) -> str:
        """Return the id of the transaction that begins now."""
        return self.choice.transaction_id if self.choice else str(uuid.uuid4())

    def beginning(self, transaction_id: str) -> tuple[bytes, ...]:
        """Give the session its id; where it was chosen, with its lock, so that a retry waits for this session."""
        names = f"SET @current_transaction_id = '{transaction_id}'"
        if self.choice and self.choice.lock and not self.choice.locked:
            self.choice.locked = True
            # Nobody else knows an id that is written without being searched for, so the lock is free.
            names += f", @claimed_transaction_id = GET_LOCK('{self.lock_name(transaction_id)}', 0)"
        return (names.encode(),)

    def ending(self, transaction_id: str) -> tuple[bytes, ...]:
        """Take the id back, wait for the acknowledgement, and read the position where it is wanted."""
        sql = ["SET @current_transaction_id = NULL", f"CALL await_acknowledgement('{transaction_id}', NULL)"]
        if self.choice and self.choice.locked:
            sql.insert(1, f"DO RELEASE_LOCK('{self.lock_name(transaction_id)}')")
        if self.wants_position:
            sql.append(POSITION.format(id=transaction_id))
        return tuple(text.encode() for text in sql)

    @property
    def wants_position(self) -> bool:
        """Whether the position of the transaction in the log will be needed."""
        return self.choice is not None or conf().read_from == "replicas"

    def lock_name(self, transaction_id: str) -> str:
        """Return the user lock of an id."""
        return write_lock(self.wrapper.settings_dict["NAME"], transaction_id)

    # Exactly once

    @contextmanager
    def choosing(self, transaction_id: str, *, lock: bool = True) -> Iterator[Choice]:
        """Give the next transaction this id."""
        choice = self.choice = Choice(transaction_id, lock)
        self.position = None
        try:
            yield choice
        finally:
            self.choice = None
            if choice.locked and self.wrapper.connection is not None:
                with suppress(DatabaseError, InterfaceError):  # a session that is gone holds no lock
                    self.wrapper.run_plainly(f"DO RELEASE_LOCK('{self.lock_name(transaction_id)}')")

    def claim(self, choice: Choice, seconds: float) -> Position | None:
        """Take the lock of a chosen id and find its position in the log, None when it is not there.

        Raises StillRunning when another session holds the lock for longer than `seconds`.
        """
        transaction_id = choice.transaction_id
        lock, found = self.wrapper.run_plainly(
            f"SELECT GET_LOCK('{self.lock_name(transaction_id)}', {max(seconds, 0):.3f})",
            POSITION.format(id=transaction_id),
        )
        if lock[0][0] != 1:
            raise StillRunning(transaction_id)
        choice.locked = True
        return position_in(found)

    def confirm(self, transaction_id: str, q: bytes = b"DO 0") -> None:
        """Wait until a second node has what was committed earlier, after `q`. Raises NotAcknowledged."""
        other = PipelinedCursor(self.wrapper.connection)
        self.end(other, q, transaction_id, ())
        other.close()


def position_in(rows: Rows) -> Position | None:
    """Read the answer to POSITION."""
    epoch, log_id = rows[0]
    return None if epoch is None else Position(int(epoch), int(log_id))


def why(error: MySQLdb.Error, broken: bool) -> str:
    """Return why the outcome is unknown, as part of a sentence."""
    if number(error) == NOT_ACKNOWLEDGED:
        return "no second node confirmed it"
    detail = f"{error.args[-1]} ({number(error)})" if error.args else "no reason given"
    return (
        f"the connection broke before the answer came: {detail}"
        if broken
        else f"the server reported: {detail}"
    )


def is_broken(error: BaseException) -> bool:
    """Return whether an error of the driver means that the connection is gone."""
    if isinstance(error, MySQLdb.InterfaceError):
        return True
    return isinstance(error, MySQLdb.Error) and number(error) in UNREACHABLE
