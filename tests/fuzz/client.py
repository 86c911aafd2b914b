"""One session of a fuzzed run: it sends what it is given, goes where writes are taken, keeps what was acknowledged."""

import os
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NOT_WRITABLE, STALE_EPOCH, NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from tests.fuzz.session import ABORT, ACKNOWLEDGE

NAMING = re.compile(r"SET @current_transaction_id = (?:NULL|'(.*)')")
ENTRIES = "SELECT COUNT(*) FROM transaction_log WHERE transaction_id = %s"
PLACES = (NodeName.MAIN, NodeName.NODE_A)
"""Nodes that may take writes."""


@dataclass
class Client:
    """A session on `place`. acknowledged: entries of each transaction that a second node has. said: a line a step."""

    number: int
    dial: Callable[[NodeName], Connection]
    place: NodeName = NodeName.MAIN
    acknowledged: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    name: str | None = None

    def __post_init__(self) -> None:
        self.begin(self.place)

    def begin(self, place: NodeName) -> None:
        """Open a new session there."""
        self.place, self.name, self.connection = place, None, self.dial(place)
        self.connection.lock_wait = 0  # sessions of one thread take turns: none would let go

    def do(self, what: str) -> bool:
        """Send a statement and note what became of it; whether it succeeded. Where writes are refused, move on."""
        where = self.place
        try:
            outcome, succeeded = str(self.perform(what)), True
        except (NodeFailed, NodeUnreachable) as error:
            outcome, succeeded = error.reason, False
            if isinstance(error, NodeUnreachable) or error.code in (NOT_WRITABLE, STALE_EPOCH):
                self.abort()
                self.begin(PLACES[1 - PLACES.index(self.place)])
        self.said.append(f"{self.number}: {what} -- {where}: {outcome}")
        return succeeded

    def perform(self, what: str) -> object:
        """Send a statement, or do what a word stands for."""
        if what == ABORT:
            self.abort()
            return "hung up"
        if what == ACKNOWLEDGE:
            return self.acknowledge()
        changed = self.connection.run(what)
        if naming := NAMING.fullmatch(what):
            self.name = naming[1]
        return changed

    def acknowledge(self) -> str:
        """Commit, and wait until a second node has what this session named."""
        if self.name is None:
            return "nothing named"
        self.connection.run("COMMIT")
        (entries,) = self.connection.row(ENTRIES, (self.name,))
        self.connection.run("COMMIT")
        self.connection.rows("CALL await_acknowledgement(%s, 4)", (self.name,))
        self.acknowledged[self.name] = int(entries)
        return f"{entries} entries"

    def abort(self) -> None:
        """Break the connection as a client that dies does, without a word to the server."""
        line = self.connection.line()
        if line is not None:
            with socket.socket(fileno=os.dup(line)) as ending, suppress(OSError):  # the server was faster
                ending.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.name = None
