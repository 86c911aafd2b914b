"""What belongs to the work that runs now, in this thread or task: its node, and what it has written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.db import connections

from cluster.conf import CLUSTER_ALIAS
from cluster.protocol.names import NodeName


class Position(NamedTuple):
    """Where a transaction stands in the log: its epoch and its last log id."""

    epoch: int
    log_id: int


class Pin(NamedTuple):
    """The node that a transaction of write_once runs on, and the transaction's id."""

    node: NodeName
    transaction_id: str


_pin: ContextVar[Pin | None] = ContextVar("pin", default=None)
_last_write: ContextVar[Position | None] = ContextVar("last_write", default=None)


def pin() -> Pin | None:
    """The node of the write_once that runs here, None outside."""
    return _pin.get()


@contextmanager
def pinned(to: Pin) -> Iterator[None]:
    """Let the block be part of the transaction of a write_once."""
    token = _pin.set(to)
    try:
        yield
    finally:
        _pin.reset(token)


def bound_alias() -> str | None:
    """Return the alias that this thread must stay on: that of its open transaction on the cluster or on one node."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block and connection.alias in ALIASES:
            return connection.alias
    return None


NODES = frozenset(name.value for name in NodeName)
ALIASES = NODES | {CLUSTER_ALIAS}
"""Where replicated rows are."""


def last_write() -> Position | None:
    """The last acknowledged write of this thread or task, where positions are kept."""
    return _last_write.get()


def remember(position: Position | None) -> None:
    """Later reads are to see everything up to `position`; None forgets, for a new session in the same thread."""
    _last_write.set(position)
