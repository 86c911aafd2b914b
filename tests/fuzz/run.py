"""A seeded run: sessions in turns, a canary that must be acknowledged all the while, and the comparison at the end."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from cluster.nodes.connection import Connection
from cluster.nodes.log.stored import stored_columns, stored_row
from cluster.nodes.repair.quarantine import quarantined
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.fuzz.client import Client
from tests.fuzz.history import SESSIONS, Step, history
from tests.fuzz.session import Column, Table
from tests.harness.sql import replicated_tables

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

NAMED = "SELECT transaction_id, COUNT(*) FROM transaction_log WHERE transaction_id LIKE 'named-%' GROUP BY 1"
POLL = 0.05


def table(connection: Connection, name: str) -> Table:
    """Return a table as the server describes it."""
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
    acknowledged: dict[str, int] = field(default_factory=dict)
    turn: int = 0

    def __post_init__(self) -> None:
        self.r = Random(self.seed)
        main = self.root(NodeName.MAIN)
        names = self.names or [name for name in replicated_tables(main) if name not in NOT_FUZZED]
        self.tables = [table(main, name) for name in names]
        self.begin(self.primary)

    def begin(self, primary: NodeName) -> None:
        """Open new sessions on the node that takes writes."""
        self.primary = primary
        self.clients = [
            Client(number, self.connect, primary, self.acknowledged, self.said) for number in range(SESSIONS)
        ]
        self.canary = self.connect(primary)

    def play(self, statements: int) -> None:
        """Play so many statements, each of a session drawn by chance."""
        self.play_steps(history(self.r, self.tables, statements))

    def play_steps(self, steps: Sequence[Step]) -> None:
        """Play steps in turn, with the canary between them."""
        for step in steps:
            self.turn += 1
            self.clients[step.session].do(step.what)
            if self.turn % CANARY_EVERY == 0:
                self.sing()

    def sing(self) -> None:
        """Let the canary write a row of a table that nobody else touches; it must hear that a second node has it."""
        name = f"canary-{self.seed}-{self.turn}"
        self.canary.run("SET @current_transaction_id = %s", (name,))
        self.canary.run(
            "INSERT INTO title_ft (tconst, primaryTitle) VALUES ('tt9999999', %s)"
            " ON DUPLICATE KEY UPDATE primaryTitle = VALUES(primaryTitle)",
            (name,),
        )
        self.canary.rows("CALL await_acknowledgement(%s, 4)", (name,))

    def end(self) -> None:
        """End every session, its open transaction rolled back, and every transaction that stays prepared."""
        for client in self.clients:
            client.abort()
        self.canary.close()
        end_prepared(self.root(self.primary))

    def differences(self) -> list[str]:
        """Return what the nodes do not agree on, did not keep or could not store. Call it when replication is idle."""
        held = {name: self.root(name) for name in NodeName}
        return [
            *lost(held[self.primary], self.acknowledged),
            *differences(held, self.primary, [one.name for one in self.tables]),
        ]


def end_prepared(root: Connection, timeout: float = 10.0) -> None:
    """Commit or roll back what XA PREPARE left on a node. Raises TimeoutError for one that its session still has."""
    deadline = time.monotonic() + timeout
    while prepared := [text(row[3]) for row in root.rows("XA RECOVER")]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{root.node.label} still holds the prepared transactions {prepared}")
        for xid in prepared:
            with suppress(NodeFailed):  # its session has not ended yet
                root.run(f"XA {'COMMIT' if xid[-1] in '02468' else 'ROLLBACK'} '{xid}'")
        time.sleep(POLL)


def text(value: bytes | str) -> str:
    """Return a name as text, whichever way the driver gives it."""
    return value.decode() if isinstance(value, bytes) else value


def lost(primary: Connection, acknowledged: Mapping[str, int]) -> list[str]:
    """Return the acknowledged transactions of which the log of the primary has not every entry."""
    held = {str(name): int(count) for name, count in primary.rows(NAMED)}
    return [
        f"{name}: {count} entries were acknowledged and {primary.node.label} has {held.get(name, 0)}"
        for name, count in acknowledged.items()
        if held.get(name, 0) < count
    ]


def differences(held: Mapping[NodeName, Connection], primary: NodeName, tables: Sequence[str]) -> list[str]:
    """Return what each node stores in other bytes than the primary, and what it has quarantined."""
    found = []
    for one in tables:
        right = contents(held[primary], one)
        for name, root in held.items():
            rows = contents(root, one)
            if rows != right:
                odd = [*(set(right) - set(rows))][:1] + [*(set(rows) - set(right))][:1]
                found.append(f"{one} on {name.label} differs from {primary.label}: {odd or 'a row twice'}")
    for name, root in held.items():
        found += [f"{name.label}: {entry}" for entry in quarantined(root)]
    return found
