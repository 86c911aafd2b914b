"""Plain SQL clients that write, wait for the acknowledgement, and look for the new primary when one fails."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NOT_ACKNOWLEDGED, NOT_WRITABLE, NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName

CANDIDATES = (NodeName.MAIN, NodeName.NODE_A)
LOCKED = (1205, 1213)
"""Lock wait timeout and deadlock: the transaction was not committed."""
PASSING = (NOT_WRITABLE, NOT_ACKNOWLEDGED, *LOCKED)
RETRY_PAUSE = 0.02
PATIENCE = 3.0
"""Seconds that a writer waits for an answer of a node that is silent."""
SPARED = 2.0
"""Seconds in which a node that was silent is not asked again while the other one answers."""
PREPARATION_SECONDS = 5.0
"""Seconds until the first row of a test is written."""
ACK_SHARE = 2 / 3
"""Of its patience a writer waits that long for an acknowledgement: a server that is slow to confirm may say so."""
HOLDS_LEASE = "SELECT COUNT(*) FROM lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6))"

Dial = Callable[[NodeName], Connection]
"""Gives a writer a connection of its own to a node."""


@dataclass
class Book:
    """What the writers know: which transactions were acknowledged, when, and what went wrong for good.

    acknowledged: monotonic seconds by transaction id, in the order of the acknowledgements. began, ended: when
    the load was under way and when the writers were told to stop, monotonic seconds; 0.0 before that.
    """

    acknowledged: dict[str, float] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0

    def gap(self) -> float:
        """Return the longest time in seconds in which nobody heard of a success, up to the end of the load."""
        end = self.ended or time.monotonic()
        times = [at for at in [*self.acknowledged.values()] if self.began <= at <= end]
        points = [self.began, *sorted(times), end]
        return max(later - earlier for earlier, later in itertools.pairwise(points))

    def wait_for(self, more: int, timeout: float = 15.0) -> None:
        """Wait until that many further transactions are acknowledged. Raises TimeoutError."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + timeout
        while len(self.acknowledged) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.acknowledged)} of {wanted} in {timeout} s. {self.problems}")
            time.sleep(RETRY_PAUSE)


class Writer(threading.Thread):
    """One client. Each transaction adds 1 to its own counter and 1 to one that it shares with the others.

    A transaction whose outcome is unknown is looked up on the primary by its id, and repeated under the same
    id when it is not there.
    """

    def __init__(self, number: int, dial: Dial, book: Book, over: threading.Event) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self.dial, self.book, self.over = number, dial, book, over
        self.candidate = 0
        self.connections: dict[NodeName, Connection] = {}
        self.silent_since: dict[NodeName, float] = {}

    def run(self) -> None:
        """Write until told to stop; the transaction begun last is ended."""
        turn = 0
        try:
            while not self.over.is_set():
                turn += 1
                self.write(f"writer-{self.number}-{turn}")
        except (NodeFailed, TimeoutError) as error:
            self.book.problems.append(f"{self.name}: {error}")
        finally:
            for connection in self.connections.values():
                connection.close()

    def write(self, transaction: str, timeout: float = 30.0) -> None:
        """One transaction, through whatever happens. Raises TimeoutError when nobody takes it."""
        deadline = time.monotonic() + timeout
        while not self.attempt(transaction):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{transaction} was not acknowledged in {timeout} s")
            time.sleep(RETRY_PAUSE)
        self.book.acknowledged[transaction] = time.monotonic()

    def attempt(self, transaction: str) -> bool:
        """Whether it was acknowledged; after a failure the next node is asked."""
        self.book.attempts[transaction] += 1
        try:
            connection = self.reach()
            if connection.row(HOLDS_LEASE)[0] == 0:
                self.turn_to_the_other()
                return False
            if not self.is_there(connection, transaction):
                self.change(connection, transaction)
            connection.rows(
                "CALL await_acknowledgement(%s, %s)", (transaction, ACK_SHARE * connection.timeout)
            )
        except NodeUnreachable as error:
            if not (error.gone or error.broke):
                self.silent_since = {error.node: time.monotonic()}
            self.turn_to_the_other()
            return False
        except NodeFailed as error:
            if error.code not in PASSING:
                raise
            with suppress(NodeUnreachable):  # then it is rolled back as well
                connection.run("ROLLBACK")
            if error.code not in LOCKED:
                self.turn_to_the_other()
            return False
        return True

    @staticmethod
    def is_there(connection: Connection, transaction: str) -> bool:
        """Whether the node has the transaction already."""
        return bool(
            connection.rows("SELECT 1 FROM transaction_log WHERE transaction_id = %s LIMIT 1", (transaction,))
        )

    def change(self, connection: Connection, transaction: str) -> None:
        """Run the transaction itself."""
        connection.run("SET @current_transaction_id = %s", (transaction,))
        connection.run("START TRANSACTION")
        connection.run(
            "UPDATE test_counter SET value = value + 1, writer = %s WHERE id = %s",
            (transaction, self.number),
        )
        connection.run("UPDATE test_counter SET value = value + 1 WHERE id = %s", (-(self.number % 4),))
        connection.commit()

    def reach(self) -> Connection:
        """Return the connection to the present candidate: kept while the other one is asked, as a pool does."""
        name = CANDIDATES[self.candidate]
        if name not in self.connections:
            self.connections[name] = self.dial(name)
        return self.connections[name]

    def turn_to_the_other(self) -> None:
        """Ask the other candidate the next time, unless it was silent just now: that took all of the patience."""
        other = (self.candidate + 1) % len(CANDIDATES)
        if time.monotonic() - self.silent_since.get(CANDIDATES[other], float("-inf")) > SPARED:
            self.candidate = other


@contextmanager
def writing(cluster, writers: int = 8, dial: Dial | None = None) -> Iterator[Book]:
    """Write load in the block. Afterwards every transaction is ended and no client has met an error.

    dial: how a writer reaches a node, when not directly. The timeout of its connections is the writers'
    patience with a silent node.
    """
    prepare(cluster, writers)
    book, over = Book(), threading.Event()
    dial = dial or partial(cluster.servers.connect, timeout=PATIENCE)
    threads = [Writer(number, dial, book, over) for number in range(1, writers + 1)]
    for thread in threads:
        thread.start()
    try:
        book.wait_for(writers)
        book.began = time.monotonic()
        yield book
    finally:
        book.ended = time.monotonic()
        over.set()
        for thread in threads:
            thread.join(40)
    assert not [thread.name for thread in threads if thread.is_alive()]
    assert book.problems == []


def prepare(cluster, writers: int) -> None:
    """Make the counters: one for each writer, and four that they share."""
    main = cluster.connect("main")
    rows = [(number,) for number in range(-3, writers + 1)]
    deadline = time.monotonic() + PREPARATION_SECONDS
    while True:
        try:
            main.many("INSERT IGNORE INTO test_counter VALUES (%s, 0, '')", rows)
            break
        except NodeFailed as error:  # a short lease may have run out before the first renewal
            if error.code != NOT_WRITABLE or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_PAUSE)
    cluster.settle()
