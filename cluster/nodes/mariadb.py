"""A node that is a real MariaDB server: each method is one of the server's own primitives.

The rules are enforced there, in sql/cluster; here they are called and their answers put into the protocol's
words. One object is one connection: a thread that works with a node has its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from cluster.nodes.connection import LOCK_WAIT, RETRY, Connection, Row
from cluster.nodes.log import applying, filing, reading, staging, windows
from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.errors import (
    STALE_EPOCH,
    ConsentRunning,
    NodeFailed,
    NodeUnreachable,
    StaleEpoch,
    WritersBusy,
)
from cluster.protocol.gaps import Range
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import Appended, LargeTransaction, Window
from cluster.protocol.parts import Part, Position
from cluster.protocol.policy import Automation
from cluster.protocol.view import NodeState

T = TypeVar("T")

ATTEMPTS = 5
"""How often a primitive that lost a deadlock is run again."""


class MariaDBNode:
    """The cluster's side of one server. Satisfies `cluster.protocol.node.Node`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._leased: int | None = None

    def __repr__(self) -> str:
        return f"MariaDBNode({self.name.value})"

    @property
    def name(self) -> NodeName:
        """Its name."""
        return self.connection.node

    def close(self) -> None:
        """Let the connection go."""
        self.connection.close()

    def state(self) -> NodeState:
        """Return what the server knows of itself now. An error says which lease has certainly died with its process."""
        try:
            seen = reading.state(self.connection)
        except NodeUnreachable as error:
            error.ended = self._leased if error.gone and self.connection.ended else None
            raise
        self._leased = seen.lease.epoch if seen.lease else None
        return seen

    def beat(self) -> float:
        """Commit a small write; return the server's clock after it, seconds since 1970."""
        self.connection.run(
            "UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'heartbeat'"
        )
        return float(self.connection.row("SELECT UNIX_TIMESTAMP(SYSDATE(6))")[0])

    def lease_epoch(self) -> int | None:
        """Return the epoch of the lease that still runs."""
        rows = self.connection.rows("SELECT epoch FROM lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6))")
        return int(rows[0][0]) if rows else None

    def watched(self) -> tuple[int | None, int]:
        """Return the epoch of the lease that still runs and the last log id, in one trip."""
        epoch, last = self.connection.row(
            "SELECT (SELECT epoch FROM lease WHERE expires_at > UNIX_TIMESTAMP(SYSDATE(6))),"
            " (SELECT COALESCE(MAX(log_id), 0) FROM transaction_log)"
        )
        return (None if epoch is None else int(epoch)), int(last)

    def probe_peer(self, other: NodeName) -> Reachability:
        """See sql/cluster/procedures/peers/probe_peer.sql."""
        return Reachability(self.connection.row("CALL probe_peer(%s)", (other.value,))[0])

    def automate(self, automation: Automation) -> None:
        """Decide by one compare-and-set by version; the loser is the decision that was made earlier."""
        self.connection.run(
            "UPDATE node_config SET config_value = %s WHERE config_key = 'automation'"
            " AND COALESCE(JSON_VALUE(config_value, '$.version'), 0) < %s",
            (json.dumps(asdict(automation)), automation.version),
        )

    # Votes and leases

    def claim(self, epoch: int, waived_consent_epoch: int | None = None) -> None:
        """Claim by one compare-and-set; see sql/cluster/procedures/lease/claim.sql."""
        claimed, promised, consent_epoch, seconds = self._call(epoch, "claim", epoch, waived_consent_epoch)[0]
        if claimed:
            return
        if promised >= epoch:
            raise StaleEpoch(self.name, epoch, f"it has promised epoch {promised}.")
        raise ConsentRunning(self.name, int(consent_epoch), float(seconds))

    def consent(self, epoch: int, seconds: float) -> None:
        """See sql/cluster/procedures/lease/consent.sql."""
        self._call(epoch, "consent", epoch, seconds)

    def open_writes(self, epoch: int, mode: Mode, since: float, seconds: float) -> None:
        """See sql/cluster/procedures/lease/open_writes.sql."""
        self._call(epoch, "open_writes", epoch, mode.value, since, seconds)

    def renew_lease(self, epoch: int, since: float, seconds: float) -> None:
        """See sql/cluster/procedures/lease/renew_lease.sql."""
        self._call(epoch, "renew_lease", epoch, since, seconds)

    def close_writes(self, mode: Mode | None = None, epoch: int | None = None) -> None:
        """See sql/cluster/procedures/lease/change_mode.sql."""
        self._call(epoch or 0, "change_mode", mode.value if mode else None, epoch)

    def follow(self, epoch: int) -> None:
        """See sql/cluster/procedures/lease/follow.sql; a node that follows already is only asked."""
        if self.connection.row("SELECT config_value FROM node_config WHERE config_key = 'epoch'")[0] != str(
            epoch
        ):
            self._call(epoch, "follow", epoch)

    def write_promotion(self, epoch: int, facts: str) -> None:
        """See sql/cluster/procedures/lease/write_promotion.sql."""
        self._call(epoch, "write_promotion", epoch, facts, self.name.promotion_source)

    # The log

    def log_ids(self, after: int, upto: int | None = None, limit: int | None = None) -> list[EntryId]:
        """Return identities by log id; a range of the primary key."""
        return reading.log_ids(self.connection, after, upto, limit)

    def read_log(self, after: int, limit: int, skipped: Sequence[str] = ()) -> Window:
        """Whole transactions after `after`."""
        return windows.window(self.connection, after, (), limit, skipped)

    def read_entries(
        self,
        after: int,
        ranges: Sequence[Range],
        limit: int,
        skipped: Sequence[str] = (),
        *,
        leaves_out: bool = False,
    ) -> Window:
        """Whole transactions after `after`, and what `ranges` show, in one snapshot."""
        return windows.window(self.connection, after, ranges, limit, skipped, leaves_out=leaves_out)

    def measure(self, large: LargeTransaction) -> LargeTransaction:
        """Read a range of the index by transaction."""
        return windows.measure(self.connection, large)

    def read_part(self, large: LargeTransaction, after: Position, limit: int) -> Part | None:
        """Read a range of the index by transaction."""
        return windows.part(self.connection, large, after, limit)

    def staged(self, large: LargeTransaction) -> Position:
        """Return the end of what has arrived."""
        return staging.staged(self.connection, large)

    def stage(self, part: Part) -> None:
        """Into staged_entry and staged_piece, each statement by itself."""
        staging.stage(self.connection, part)

    def install_staged(self, epoch: int, large: LargeTransaction, *, boundary: bool) -> Appended:
        """Move all of it into the log in one transaction of the server, its images with it."""
        return self._retried(epoch, lambda: staging.install(self.connection, epoch, large, boundary))

    def drop_staged(self, before_epoch: int) -> None:
        """Drop a bounded number in each statement."""
        staging.drop(self.connection, before_epoch)

    def recent(self, number: int) -> list[reading.Recent]:
        """Return the newest transactions, for people."""
        return reading.recent(self.connection, number)

    def writing_transactions(self) -> frozenset[int]:
        """Read INNODB_TRX, proved to be fresh."""
        return reading.writing_transactions(self.connection)

    def promotion_watermark(self, after_epoch: int) -> int | None:
        """Read the PROMOTION entries of later epochs."""
        return reading.promotion_watermark(self.connection, after_epoch)

    def append(self, epoch: int, entries: Sequence[Entry], *, boundary: bool) -> Appended:
        """Add log rows and images in one transaction."""
        return self._retried(epoch, lambda: applying.append(self.connection, epoch, entries, boundary))

    def orphan_entries(self, epoch: int, orphans: Sequence[EntryId]) -> int:
        """Move them out of the log into orphaned_entry and restore their records, in one transaction."""
        return self._retried(epoch, lambda: applying.orphan_entries(self.connection, epoch, orphans))

    def verify(self, log_id: int) -> None:
        """Raise the watermark by compare-and-set; the loser leaves the winner's count alone."""
        reading.raise_watermark(self.connection, log_id)

    def inspect(self) -> None:
        """See sql/cluster/procedures/log/inspect_tables.sql."""
        self.connection.run("CALL inspect_tables()")

    def heard_from_main(self) -> None:
        """Note the moment, by this server's clock in UTC."""
        self.connection.run(
            "UPDATE node_config SET config_value = UTC_TIMESTAMP(6) WHERE config_key = 'last_main_contact'"
        )

    def note_follower(self, epoch: int) -> None:
        """See sql/cluster/procedures/lease/note_follower.sql."""
        self._call(epoch, "note_follower", epoch)

    def note_rounds(self, epoch: int, rounds: Mapping[NodeName, int]) -> None:
        """See sql/cluster/procedures/lease/note_rounds.sql."""
        self._call(epoch, "note_rounds", epoch, *(rounds.get(name, 0) for name in NodeName))

    # Orphaned transactions

    def orphaned(self, limit: int) -> list[Entry]:
        """Oldest first."""
        return filing.orphaned(self.connection, limit)

    def file_orphans(self, found_on: NodeName, entries: Sequence[Entry]) -> None:
        """File them by a replicated, acknowledged write on this node."""
        filing.file_orphans(self.connection, found_on, entries)

    def forget_orphaned_entries(self, ids: Sequence[EntryId]) -> None:
        """After they were filed."""
        filing.forget(self.connection, ids)

    # What the replicator needs of a primary

    def acknowledge(self, arrived: Mapping[str, int]) -> None:
        """Publish and wake, in one trip; see sql/cluster/procedures/write/acknowledge.sql."""
        self.connection.rows("CALL acknowledge(%s)", (json.dumps(list(arrived.items())),))

    def note_transfer(self, target: NodeName, first_log_id: int, entries: int, seconds: float) -> None:
        """See sql/cluster/tables/transfer.sql."""
        self.connection.run(
            "REPLACE INTO transfer (target, first_log_id, entries, expected_at)"
            " VALUES (%s, %s, %s, UNIX_TIMESTAMP(SYSDATE(6)) + %s)",
            (target.value, first_log_id, entries, seconds),
        )

    def forget_acknowledgements(self, seconds: float) -> None:
        """Drop acknowledgements older than `seconds`: their writers have long gone."""
        self.connection.run(
            "DELETE FROM acknowledgement WHERE acknowledged_at < UNIX_TIMESTAMP(SYSDATE(6)) - %s",
            (seconds,),
        )

    def lead(self) -> bool:
        """Take or keep a user lock of this connection, which the server frees when the connection breaks."""
        lock = f"mco2.{self.connection.endpoint.database}.replicator"
        sql = "SELECT IS_USED_LOCK(%s) <=> CONNECTION_ID() OR GET_LOCK(%s, 0)"
        return bool(self.connection.row(sql, (lock, lock))[0] == 1)

    # Calls

    def _call(self, epoch: int, procedure: str, *arguments: object) -> tuple[Row, ...]:
        marks = ", ".join(["%s"] * len(arguments))
        return self._retried(epoch, lambda: self.connection.rows(f"CALL {procedure}({marks})", arguments))

    def _retried(self, epoch: int, primitive: Callable[[], T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return primitive()
            except NodeFailed as error:
                if error.code == STALE_EPOCH:
                    raise StaleEpoch(self.name, epoch, error.reason) from error
                if error.code == LOCK_WAIT:
                    raise WritersBusy(self.name, self.connection.lock_wait) from error
                if error.code != RETRY or attempt == ATTEMPTS - 1:
                    raise
        raise NodeFailed(self.name, "lost every deadlock", RETRY)
