"""A write of the cluster's own on the primary: through guard and log like any other, and acknowledged."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from cluster.nodes.connection import RETRY, Connection
from cluster.protocol.errors import (
    NOT_ACKNOWLEDGED,
    NOT_WRITABLE,
    NodeFailed,
    NodeUnreachable,
    NotAcknowledged,
    Refused,
)

T = TypeVar("T")

ATTEMPTS = 5
"""How often a transaction that lost a deadlock is run again."""


def write(connection: Connection, work: Callable[[str], T]) -> T:
    """Run `work` in a transaction whose id it is given; returns once a second node holds it.

    Raises Refused (this node takes no writes, or `work` refuses), NotAcknowledged (committed, not confirmed).
    """
    transaction_id = str(uuid.uuid4())
    result = committed(connection, transaction_id, work)
    await_acknowledgement(connection, transaction_id)
    return result


def committed(connection: Connection, transaction_id: str, work: Callable[[str], T]) -> T:
    """Run `work` in a transaction and commit it; again after a deadlock, which has undone all of it."""
    for attempt in range(ATTEMPTS):
        try:
            return attempted(connection, transaction_id, work)
        except NodeFailed as error:
            if error.code == NOT_WRITABLE:
                raise Refused(error.reason) from error
            if error.code != RETRY or attempt == ATTEMPTS - 1:
                raise
    raise NodeFailed(connection.node, "lost every deadlock", RETRY)


def attempted(connection: Connection, transaction_id: str, work: Callable[[str], T]) -> T:
    """Make one attempt. The guard is asked before any row is locked: a mode change never waits behind it."""
    with named(connection, transaction_id), connection.rolled_back_on_error():
        connection.run("START TRANSACTION")
        connection.run("CALL guard_write()")
        result = work(transaction_id)
        connection.commit()
        return result


@contextmanager
def named(connection: Connection, transaction_id: str) -> Iterator[None]:
    """Name what is written in the block, and nothing after it."""
    connection.run("SET @current_transaction_id = %s", (transaction_id,))
    try:
        yield
    finally:
        with suppress(NodeUnreachable, NodeFailed):  # a session that is gone has forgotten it
            connection.run("SET @current_transaction_id = NULL")


def await_acknowledgement(connection: Connection, transaction_id: str) -> None:
    """Wait until a second node holds the transaction. Raises NotAcknowledged."""
    try:
        connection.rows("CALL await_acknowledgement(%s, NULL)", (transaction_id,))
    except NodeUnreachable as error:
        raise NotAcknowledged(connection.node, transaction_id) from error
    except NodeFailed as error:
        if error.code == NOT_ACKNOWLEDGED:
            raise NotAcknowledged(connection.node, transaction_id) from error
        raise
