"""A seeded run: sessions in turns, a canary that must be acknowledged all the while, and the comparison at the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from cluster.nodes.connection import Connection
from cluster.nodes.log.stored import stored_columns, stored_row
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.fuzz.session import Column, Table, statement
from tests.harness.sql import replicated_tables

SESSIONS = 3
CANARY_EVERY = 15
"""Statements between two writes of the canary."""
NOT_FUZZED = (
    "orphaned_transaction",
    "diary_page",
    "shop_article",
    "shop_order",
    "title_ft",
    "title_statistics",
)
COLUMNS = (
    "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_KEY = 'PRI', GENERATION_EXPRESSION IS NULL"
    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION"
)


def table(connection: Connection, name: str) -> Table:
    """A table as the server describes it."""
    rows = connection.rows(COLUMNS, (name,))
    return Table(name, tuple(Column(str(n), str(k), bool(key), bool(w)) for n, k, key, w in rows))


def contents(connection: Connection, name: str) -> list[str]:
    """All rows of a table, byte for byte as the server stores them, generated columns included."""
    row = stored_row(stored_columns(connection, name))
    return sorted(str(value) for (value,) in connection.rows(f"SELECT {row} FROM `{name}` AS t"))


@dataclass
class Fuzz:
    """One run on a cluster, in these tables. connect, root: connections of the application and of an administrator.

    said: every statement that was sent, with its session and what became of it.
    """

    seed: int
    connect: Callable[[NodeName], Connection]
    root: Callable[[NodeName], Connection]
    names: Sequence[str] = ()
    primary: NodeName = NodeName.MAIN
    said: list[str] = field(default_factory=list)
    turn: int = 0

    def __post_init__(self) -> None:
        self.r = Random(self.seed)
        main = self.root(NodeName.MAIN)
        names = self.names or [name for name in replicated_tables(main) if name not in NOT_FUZZED]
        self.tables = [table(main, name) for name in names]
        self.begin(self.primary)

    def begin(self, primary: NodeName) -> None:
        """New sessions on the node that takes writes."""
        self.primary = primary
        self.sessions = [self.connect(primary) for _ in range(SESSIONS)]
        self.canary = self.connect(primary)
        for session in (*self.sessions, self.canary):
            session.run("SET innodb_lock_wait_timeout = 0")  # they take turns: none would let go

    def play(self, statements: int) -> None:
        """So many statements, each of a session drawn by chance."""
        for _ in range(statements):
            self.turn += 1
            number = self.r.randrange(SESSIONS)
            sql = statement(self.r, self.tables)
            try:
                changed = self.sessions[number].run(sql)
                self.said.append(f"{number}: {sql} -- {changed}")
            except NodeFailed as error:
                self.said.append(f"{number}: {sql} -- {error.reason}")
            if self.turn % CANARY_EVERY == 0:
                self.sing()

    def sing(self) -> None:
        """The canary writes a row of a table that nobody else touches, and must hear that a second node has it."""
        name = f"canary-{self.seed}-{self.turn}"
        self.canary.run("SET @current_transaction_id = %s", (name,))
        self.canary.run(
            "INSERT INTO title_ft (tconst, primaryTitle) VALUES ('tt9999999', %s)"
            " ON DUPLICATE KEY UPDATE primaryTitle = VALUES(primaryTitle)",
            (name,),
        )
        self.canary.rows("CALL await_acknowledgement(%s, 4)", (name,))

    def end(self) -> None:
        """Every session ends, its open transaction rolled back."""
        for session in (*self.sessions, self.canary):
            session.close()

    def differences(self) -> list[str]:
        """What the nodes do not agree on, and what they could not store. Call it when replication is idle."""
        found = []
        for one in self.tables:
            right = contents(self.root(self.primary), one.name)
            for name in NodeName:
                held = contents(self.root(name), one.name)
                if held != right:
                    odd = [row for row in right if row not in held][:1] + [
                        row for row in held if row not in right
                    ][:1]
                    found.append(f"{one.name} on {name.label} differs from {self.primary.label}: {odd}")
        for name in NodeName:
            found += [f"{name.label}: {entry}" for entry in quarantined(self.root(name))]
        return found
