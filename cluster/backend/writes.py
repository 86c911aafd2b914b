"""Exactly-once writes: a transaction with an id, run on the primary, through a failover.

After an answer that was lost the id is looked up on the new primary before the work runs again: found means
done. What belongs to the transaction is what `work` writes to replicated models; it may run several times, and
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
from cluster.backend.alarm import raise_alarm
from cluster.backend.base import DatabaseWrapper
from cluster.backend.context import Pin, Position, pin, pinned
from cluster.backend.errors import DEADLOCK, LOCK_WAIT, NotAcknowledged, NotWritable, StillRunning
from cluster.conf import conf
from cluster.nodes.connection import UNREACHABLE
from cluster.protocol.exactly_once import ID
from cluster.protocol.names import NodeName

T = TypeVar("T")
P = ParamSpec("P")

PAUSE = 0.02
"""Seconds between two attempts on a node that answered."""
LOCK_PATIENCE = 1.0
"""Seconds that a try waits for another session that runs the same transaction."""
LOOK = 0.2
"""Seconds that a writer waits for a primary before it asks for another round of the watch."""


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

    transaction_id: 1 to 64 letters, digits, dots, colons, underscores or hyphens, the same for every try of the
    same write; one is made where none is given. deadline: seconds, CLUSTER_WRITE_DEADLINE where not given.
    Inside another write_once, `work` is part of that one's transaction. Raises what `work` raises, after a
    rollback; NoPrimary when no node took it, NotAcknowledged when it was committed and never confirmed, both
    after the deadline; RuntimeError inside a transaction of another kind, ValueError for a malformed id.
    """
    outer = pin()
    if outer is not None:
        return Written(work(), outer.transaction_id, outer.node, None, repeated=False)
    return RetryingWrite(functools.partial(run_work, work), transaction_id, deadline).run()


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
) -> Written[list[tuple[Any, ...]]]:
    """Call a public procedure, which commits by itself, exactly once; `value` has its rows.

    The procedure looks its id up: `repeated` is False also where it found the write done; its row says so.
    Raises as write_once.
    """
    attempt = functools.partial(run_procedure, procedure, arguments)
    return RetryingWrite(attempt, transaction_id, deadline).run()


def run_work(work: Callable[[], T], retrying: "RetryingWrite[T]", connection: DatabaseWrapper) -> Written[T]:
    """One try of `work` in a transaction."""
    session, node = connection.session, connection.session.node
    found: Position | None = None
    with session.choosing(retrying.transaction_id) as choice:
        with transaction.atomic(using=connection.alias, durable=True):
            if retrying.possibly_applied:
                found = session.claim(choice, min(retrying.left, LOCK_PATIENCE))
            if not found:
                with pinned(Pin(node, retrying.transaction_id)):  # what runs on commit is not part of it
                    retrying.value = work()
            broken = connection.closed_in_transaction
        if broken:
            raise OperationalError(2013, "the connection broke, and the work went on without an error")
        if found:
            session.confirm(retrying.transaction_id)
    if found:
        return retrying.found(node, found)
    epoch = session.position.epoch if session.position else None
    return Written(retrying.value, retrying.transaction_id, node, epoch, repeated=False)


def run_procedure(
    procedure: str,
    arguments: tuple[Any, ...],
    retrying: "RetryingWrite[list[tuple[Any, ...]]]",
    connection: DatabaseWrapper,
) -> Written[list[tuple[Any, ...]]]:
    """One try of a procedure that takes its id, commits and waits by itself."""
    session = connection.session
    marks = ", ".join(["%s"] * len(arguments))
    with session.choosing(retrying.transaction_id, lock=False), connection.cursor() as cursor:
        cursor.execute(f"CALL {connection.ops.quote_name(procedure)}({marks})", arguments)
        rows = list(cursor.fetchall())
    epoch = session.position.epoch if session.position else None
    return Written(rows, retrying.transaction_id, session.node, epoch, repeated=False)


class RetryingWrite(Generic[T]):
    """One write on its way: tried until a second node has it or the deadline has come."""

    def __init__(
        self,
        attempt: Callable[["RetryingWrite[T]", DatabaseWrapper], Written[T]],
        transaction_id: str | None,
        deadline: float | None,
    ) -> None:
        self.attempt = attempt
        self.transaction_id = checked(transaction_id) if transaction_id else str(uuid.uuid4())
        self.chosen = self.possibly_applied = transaction_id is not None
        """Whether somebody may have written under this id before, so that a try begins with a look-up."""
        self.deadline = time.monotonic() + (conf().write_deadline if deadline is None else deadline)
        self.value: T | None = None
        """What the last try returned. Only this object knows an id of its own: found, it was that try."""
        self.unknown: NotAcknowledged | None = None
        """The outcome of an earlier try that nobody has told yet."""
        self.failure: Exception | None = None

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(self.deadline - time.monotonic(), 0.0)

    def run(self) -> Written[T]:
        """Try until it is done. Raises as write_once."""
        while True:
            connection = cast("DatabaseWrapper", connections[self.primary().value])
            try:
                return self.attempt(self, connection)
            except NotAcknowledged as error:
                self.unknown = error
            except StillRunning as error:
                self.failure = error
            except (DatabaseError, InterfaceError) as error:
                if not (is_passing(error) or connection.closed_in_transaction):
                    raise
                self.failure = error
            self.possibly_applied = True
            if not self.left:
                raise self.deadline_error()
            time.sleep(min(PAUSE, self.left))

    def primary(self) -> NodeName:
        """The node that takes writes; waits for one. Raises as write_once at the deadline."""
        shared = view.shared()
        while True:
            found = shared.await_primary(min(self.deadline, time.monotonic() + LOOK))
            if found is not None:
                return found.name
            if not self.left:
                raise self.deadline_error()
            raise_alarm(shared)

    def found(self, node: NodeName, position: Position) -> Written[T]:
        """The write is in the log: an earlier try, or another process, has done it."""
        if self.unknown is not None:
            for hook in self.unknown.hooks:
                hook()
        value = None if self.chosen else self.value
        return Written(value, self.transaction_id, node, position.epoch, repeated=True)

    def deadline_error(self) -> Exception:
        """What to raise at the deadline."""
        if self.unknown is not None:
            return self.unknown
        if isinstance(self.failure, StillRunning):
            return NotAcknowledged(
                self.transaction_id,
                view.shared().primary(),
                "the same transaction is still running in another session",
            )
        if isinstance(self.failure, OperationalError) and self.failure.args[0] in (DEADLOCK, LOCK_WAIT):
            return self.failure
        return view.shared().nobody()


def is_passing(error: Exception) -> bool:
    """Whether another try may succeed: the transaction was undone for a reason that passes."""
    if isinstance(error, NotWritable):
        return True
    code = error.args[0] if error.args else None
    return isinstance(error, OperationalError) and (code in UNREACHABLE or code in (DEADLOCK, LOCK_WAIT))


def checked(transaction_id: str) -> str:
    """The id, if it is one. Raises ValueError."""
    if not ID.fullmatch(transaction_id):
        raise ValueError(
            f"{transaction_id!r} is no transaction id: 1 to 64 letters, digits, dots, colons, underscores "
            "or hyphens, the first a letter or a digit."
        )
    return transaction_id
