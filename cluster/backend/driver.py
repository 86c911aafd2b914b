"""Types of mysqlclient, which has none of its own, as far as the backend uses it."""

import select
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from cluster.nodes.connection import Row

__all__ = ["Arguments", "DriverConnection", "ManyArguments", "Row", "Rows", "hung_up"]

Rows = Sequence[Row]
Arguments = Sequence[object] | Mapping[str, object]
"""The parameters of a statement."""
ManyArguments = Iterable[Arguments]


class DriverConnection(Protocol):
    """A connection of the driver, with the deadline that the backend gave it."""

    silence_deadline: AbstractContextManager[None]

    def fileno(self) -> int:
        """Return the descriptor of its socket."""

    def get_autocommit(self) -> bool:
        """Return the mode as of the server's last answer, without a round trip."""

    def escape_string(self, text: bytes) -> bytes:
        """Return a text as it stands in a literal of this session."""

    def query(self, query: bytes) -> None:
        """Send statements and read the first answer. Raises MySQLdb.Error."""

    def next_result(self) -> int:
        """Read the next answer; -1 where there is none. Raises MySQLdb.Error."""


def hung_up(connection: DriverConnection) -> bool:
    """Return whether the server has closed an idle connection: only then there is something to read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
