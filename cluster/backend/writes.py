"""Exactly-once writes: a transaction with an id, run on the primary, through a failover.

After an answer that was lost the id is searched for in the log of the new primary before the work runs again: found
means done. What belongs to the transaction is what `work` writes to replicated models; it may run several times, and
all but one of its runs leave nothing.
"""

import functools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction

from cluster.backend import view
from cluster.backend.alarm import await_primary
from cluster.backend.base import DatabaseWrapper
from cluster.backend.context import Pin, Position, pin, pinned
from cluster.backend.driver import Row
from cluster.backend.errors import DEADLOCK, LOCK_WAIT, Hook, NotAcknowledged, NotWritable, StillRunning
from cluster.conf import CLUSTER_ALIAS, conf
from cluster.nodes.connection import UNREACHABLE
from cluster.protocol.exactly_once import ID
from cluster.protocol.names import NodeName

T = TypeVar("T")
P = ParamSpec("P")

PAUSE = 0.02
"""Seconds between two attempts on a node that answered."""
LOCK_TIMEOUT = 1.0
"""Seconds that an attempt waits for another session that runs the same transaction."""


@dataclass(frozen=True)
class Written(Generic[T]):
    """A write that a second node holds.

    value: what `work` returned; None when somebody else, or an earlier call, had done it. node: the one that
    took it. epoch: in which; None when nothing replicated was written. repeated: found in the log, not run now.
    """

    value: T | None
    transaction_id: str
    node: NodeName
    epoch: int | None
    repeated: bool


def write_once(
    work: Callable[[], T], *, transaction_id: str | None = None, deadline: float | None = None
) -> Written[T]:
    """Run `work` in one transaction on the primary, exactly once, through a failover.

    transaction_id: 1 to 64 letters, digits, dots, colons, underscores or hyphens, the same for every attempt of the
    same write; one is made where none is given. deadline: seconds, CLUSTER_WRITE_DEADLINE where not given.
    Inside another write_once, `work` is part of that one's transaction. Raises what `work` raises, after a
    rollback; NoPrimary when no node took it, NotAcknowledged when it was committed and never confirmed, both
    after the deadline; RuntimeError inside a transaction of another kind, ValueError for a malformed id.
    """
    outer = pin()
    if outer is not None:
        return Written(work(), outer.transaction_id, outer.node, None, repeated=False)
    connection = cast("DatabaseWrapper", connections[CLUSTER_ALIAS])
    if connection.is_plain:  # a test database: nothing fails over, nothing is repeated
        pin_of_test = Pin(connection.node, transaction_id or str(uuid.uuid4()))
        with transaction.atomic(durable=True), pinned(pin_of_test):
            return Written(work(), pin_of_test.transaction_id, pin_of_test.node, None, repeated=False)
    return retry(functools.partial(run_work, work), transaction_id, deadline)


def writes_once(function: Callable[P, T]) -> Callable[..., T | None]:
    """Decorate a function so that each call is a write_once; takes `transaction_id=` besides.

    Returns what the function returned; None when that transaction had been done before.
    """

    @functools.wraps(function)
    def once(*args: Any, transaction_id: str | None = None, **kwargs: Any) -> T | None:
        work = functools.partial(function, *args, **kwargs)
        return write_once(work, transaction_id=transaction_id).value

    return once


def call_once(
    procedure: str, *arguments: object, transaction_id: str | None = None, deadline: float | None = None
) -> Written[list[Row]]:
    """Call a public procedure, which commits by itself, exactly once; `value` has its rows.

    The procedure searches the log for its id: `repeated` is False also where it found the write done; its row says so.
    Raises as write_once.
    """
    return retry(functools.partial(run_procedure, procedure, arguments), transaction_id, deadline)


@dataclass(frozen=True)
class Write:
    """A write that is to be done once. chosen: the caller gave the id, so an earlier call may have applied it."""

    transaction_id: str
    chosen: bool
    deadline: float
    """Monotonic seconds."""

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(self.deadline - time.monotonic(), 0.0)


@dataclass(frozen=True)
class Failed(Generic[T]):
    """What the attempts until now left: each may have been applied.

    error: of the last one. value: what the last run of the work returned. unknown: the last outcome that is unknown.
    """

    error: Exception
    value: T | None = None
    unknown: NotAcknowledged | None = None

    @property
    def hooks(self) -> list[Hook]:
        """What was to run on the commit whose outcome is unknown."""
        return self.unknown.hooks if self.unknown is not None else []


Attempt = Callable[[Write, Failed[T] | None, DatabaseWrapper], Written[T] | Failed[T]]
"""One attempt on the primary, after what earlier ones left. Raises errors that another attempt would meet again."""


def retry(attempt: Attempt[T], transaction_id: str | None, deadline: float | None) -> Written[T]:
    """Attempt a write until a second node has it or the deadline has come. Raises as write_once."""
    until = time.monotonic() + (conf().write_deadline if deadline is None else deadline)
    chosen = transaction_id is not None
    write = Write(checked(transaction_id) if transaction_id else str(uuid.uuid4()), chosen, until)
    earlier: Failed[T] | None = None
    connection = cast("DatabaseWrapper", connections[CLUSTER_ALIAS])
    while await_primary(write.deadline) is not None:
        outcome = attempt(write, earlier, connection)
        if isinstance(outcome, Written):
            return outcome
        earlier = outcome
        if not write.left:
            break
        time.sleep(min(PAUSE, write.left))
    raise deadline_error(write, earlier)


def run_work(
    work: Callable[[], T], write: Write, earlier: Failed[T] | None, connection: DatabaseWrapper
) -> Written[T] | Failed[T]:
    """Attempt `work` in a transaction."""
    session, transaction_id = connection.session, write.transaction_id
    possibly_applied = write.chosen or earlier is not None
    value = earlier.value if earlier is not None else None
    found: Position | None = None
    try:
        with session.choosing(transaction_id) as choice:
            with transaction.atomic(using=connection.alias, durable=True):
                if possibly_applied:
                    found = session.claim(choice, min(write.left, LOCK_TIMEOUT))
                if not found:
                    with pinned(Pin(session.node, transaction_id)):  # what runs on commit is not part of it
                        value = work()
                broken = connection.closed_in_transaction
            if broken:
                raise OperationalError(2013, "the connection broke, and the work went on without an error")
            if found:
                session.confirm(transaction_id)
        if found is None:
            return Written(value, transaction_id, session.node, session.epoch, repeated=False)
        for hook in earlier.hooks if earlier is not None else ():
            hook()
    except PASSING as error:
        return failed(error, earlier, connection, value)
    # Only this call knows an id of its own: found, it was an earlier attempt of this very work.
    value = None if write.chosen else value
    return Written(value, transaction_id, session.node, found.epoch, repeated=True)


def run_procedure(
    procedure: str,
    arguments: tuple[Any, ...],
    write: Write,
    earlier: Failed[list[Row]] | None,
    connection: DatabaseWrapper,
) -> Written[list[Row]] | Failed[list[Row]]:
    """Attempt a procedure that takes its id, commits and waits by itself."""
    session = connection.session
    marks = ", ".join(["%s"] * len(arguments))
    try:
        with session.choosing(write.transaction_id, lock=False), connection.cursor() as cursor:
            cursor.execute(f"CALL {connection.ops.quote_name(procedure)}({marks})", arguments)
            rows = list(cursor.fetchall())
    except PASSING as error:
        return failed(error, earlier, connection)
    return Written(rows, write.transaction_id, session.node, session.epoch, repeated=False)


PASSING = (StillRunning, DatabaseError, InterfaceError)
"""The kinds of errors after which another attempt may succeed, if `is_passing`."""


def failed(
    error: Exception, earlier: Failed[T] | None, connection: DatabaseWrapper, value: T | None = None
) -> Failed[T]:
    """Return what is left for the next attempt. Raises an error that it would meet again."""
    if not (is_passing(error) or connection.closed_in_transaction):
        raise error
    unknown = earlier.unknown if earlier is not None else None
    return Failed(error, value, error if isinstance(error, NotAcknowledged) else unknown)


def deadline_error(write: Write, earlier: Failed[T] | None) -> Exception:
    """Return what to raise at the deadline."""
    if earlier is not None and earlier.unknown is not None:
        return earlier.unknown
    error = earlier.error if earlier is not None else None
    if isinstance(error, StillRunning):
        reason = "the same transaction is still running in another session"
        return NotAcknowledged(write.transaction_id, view.shared().primary(), reason)
    if isinstance(error, OperationalError) and error.args[0] in (DEADLOCK, LOCK_WAIT):
        return error
    return view.shared().no_primary()


def is_passing(error: Exception) -> bool:
    """Return whether another attempt may succeed: it was undone for a reason that passes, or nobody knows."""
    if isinstance(error, (NotWritable, NotAcknowledged, StillRunning)):
        return True
    code = error.args[0] if error.args else None
    return isinstance(error, OperationalError) and (code in UNREACHABLE or code in (DEADLOCK, LOCK_WAIT))


def checked(transaction_id: str) -> str:
    """Return the id, if it is one. Raises ValueError."""
    if not ID.fullmatch(transaction_id):
        raise ValueError(
            f"{transaction_id!r} is no transaction id: 1 to 64 letters, digits, dots, colons, underscores "
            "or hyphens, the first a letter or a digit."
        )
    return transaction_id
