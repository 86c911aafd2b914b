"""A node in memory: what its disk, its memory and its clock hold, and what it knows of itself."""

import json
from collections.abc import Callable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from cluster.protocol.entries import (
    PROMOTION,
    Entry,
    EntryId,
    Record,
)
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import Mode, NodeName, Solo
from cluster.protocol.policy import Automation
from cluster.protocol.view import Lease, NodeState, Watermark

T = TypeVar("T")

EPOCH_START = datetime(2026, 1, 1)  # noqa: DTZ001 the log's column holds UTC without a zone
ORPHANED = "orphaned_transaction"
"""The replicated table of orphaned transactions."""
PROMOTED = Record("", PROMOTION)
GONE, CLOSED = float("-inf"), float("inf")
"""Ends of a lease that was taken away and of one that was given up for good."""
FORGIVEN = 0.05
"""Seconds that a clock may step back."""
ON_DISK = (
    "log", "tables", "orphaned_entries", "staging", "counter", "promised", "solo", "mode", "consent_epoch",
    "consent_until", "consented", "lease_begin", "lease_end", "watermark", "replayed", "last_main_contact",
    "automation", "rounds", "followed_epoch",
)  # fmt: skip
FIRST_MODE = {
    NodeName.MAIN: Mode.PRIMARY,
    NodeName.NODE_A: Mode.VICE,
    NodeName.NODE_B: Mode.REPLICA,
}


def facts_of(promotion: Entry) -> dict[str, Any]:
    """Return what a PROMOTION entry says."""
    facts: dict[str, Any] = json.loads(promotion.new_value or "")
    return facts


@dataclass(eq=False)
class OpenWrite:
    """A write transaction that has begun on a server and has not ended."""

    number: int
    transaction_id: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def images(self) -> dict[Record, str | None]:
        """What it has written, by record."""
        return {entry.record: entry.new_value for entry in self.entries}


class Witness:
    """Is told what happens on the servers; a test's witness checks the invariants."""

    def committed(self, server: "Disk", entries: Sequence[Entry]) -> None:
        """`server` has committed entries of its own."""

    def opened(self, server: "Disk", epoch: int) -> None:
        """`server` takes writes in `epoch` from now on, or goes on with it."""

    def removed(self, server: "Disk", entries: Sequence[Entry]) -> None:
        """`server` has set entries aside."""

    def stored(self, server: "Disk") -> None:
        """Note that the log of `server` has changed."""

    def told(self, server: "Disk", entries: Sequence[Entry]) -> None:
        """Note that a writer hears "done" of the transaction that wrote these entries on `server`."""


class Disk:
    """What one node holds, on its disk and in its memory.

    offset, rate: how its clock differs from the true time that `now` tells, in seconds and seconds per
    second.
    """

    def __init__(
        self,
        name: NodeName,
        *,
        now: Callable[[], float],
        witness: Witness | None = None,
        offset: float = 0.0,
        rate: float = 1.0,
    ) -> None:
        self.name, self.now, self.offset, self.rate = name, now, offset, rate
        self.witness = witness or Witness()
        # On disk
        self.log: dict[EntryId, Entry] = {}
        self.tables: dict[Record, str] = {}
        self.orphaned_entries: dict[EntryId, Entry] = {}
        self.staging: dict[EntryId, Entry] = {}
        self.counter = 0
        self.promised = 0
        self.solo = Solo.NEVER
        self.mode = FIRST_MODE[name]
        self.consent_epoch, self.consent_until, self.consented = 0, float("-inf"), 0.0
        self.lease_begin, self.lease_end = (0, GONE), (0, GONE)
        self.watermark = Watermark()
        self.replayed = 0
        self.last_main_contact: str | None = None
        self.automation = Automation()
        self.rounds = dict.fromkeys(NodeName, 0)
        self.followed_epoch = 0
        # In memory
        self.in_sync = False
        self.up, self.incarnation, self.transactions = True, 1, 0
        self.ended: int | None = None
        """The epoch of the lease that its last process held when it ended."""
        self.deaf = False
        """Whether it takes no new connection."""
        self.grants: set[int] = set()
        self.open: dict[int, OpenWrite] = {}
        self.leader: object = None
        self.peers: Mapping[NodeName, Disk] = {}
        self.cut: Set[tuple[str, NodeName, str]] = frozenset()

    def __repr__(self) -> str:
        return f"Server({self.name.value})"

    # Faults

    def crash(self) -> None:
        """Lose what is in memory: the lease, the open transactions, the connections."""
        self.up, self.leader, self.in_sync = False, None, False
        self.ended = self.lease[0] if self.lease else None
        self.grants.clear()
        self.open.clear()

    def restart(self) -> None:
        """Come back with what is on the disk."""
        if not self.up:
            self.up, self.incarnation = True, self.incarnation + 1
        self.deaf = False

    def disk(self) -> dict[str, Any]:
        """Return a copy of what is on the disk."""
        return {name: deepcopy(getattr(self, name)) for name in ON_DISK}

    def put_back(self, disk: Mapping[str, Any]) -> None:
        """Restart with a copy of an older disk."""
        self.crash()
        for name, value in deepcopy(dict(disk)).items():
            setattr(self, name, value)
        self.restart()

    # What it knows of itself

    def clock(self) -> float:
        """Its own clock, in seconds."""
        return self.offset + self.rate * self.now()

    def probe_peer(self, other: NodeName) -> Reachability:
        """Over the link from here to there."""
        if any((self.name, other, way) in self.cut for way in ("ask", "answer")):
            return Reachability.SILENT
        return (
            Reachability.GONE if self.peers[other].deaf or not self.peers[other].up else Reachability.REACHED
        )

    def automate(self, automation: Automation) -> None:
        """Keep the later decision."""
        self.automation = max(self.automation, automation, key=lambda known: known.version)

    def beat(self) -> float:
        """Commit, which always succeeds here; return the clock after it."""
        return self.clock()

    @property
    def lease(self) -> tuple[int, float] | None:
        """See sql/cluster/views/lease.sql: the epoch and the end of the lease, which may have run out."""
        epoch, until = self.lease_end
        known = epoch in self.grants and GONE < until < CLOSED
        return self.lease_end if known and not self.is_overtaken(epoch) else None

    @property
    def writable(self) -> bool:
        """Whether guard_write lets a write pass at this moment."""
        lease_runs = self.lease is not None and self.lease[1] > self.clock()
        return self.up and lease_runs and self.mode.takes_writes

    @property
    def led(self) -> int:
        """The epoch of its newest PROMOTION, 0 for none."""
        return max((e.epoch for e in self.log.values() if e.record == PROMOTED), default=0)

    @property
    def last_log_id(self) -> int:
        """The end of its log."""
        return max((entry_id.log_id for entry_id in self.log), default=0)

    def sorted_log(self) -> list[Entry]:
        """Its log by log id, as it is read."""
        return [self.log[entry_id] for entry_id in sorted(self.log, key=lambda i: (i[1], i[0]))]

    def state(self) -> NodeState:
        """See cluster/nodes/node_state.sql."""
        led, clock = self.led, self.clock()
        newest = [facts_of(e) for e in self.log.values() if e.record == PROMOTED and e.epoch == led]
        is_forced = bool(newest and newest[0]["forced"]) and self.followed_epoch < led
        return NodeState(
            name=self.name,
            mode=self.mode,
            promised=self.promised,
            solo=Solo.WHEN_SILENT if is_forced else self.solo,
            led=led,
            primary=NodeName(newest[0]["node"]) if newest else None,
            lease=Lease(self.lease[0], self.lease[1] - clock) if self.lease else None,
            consent_epoch=self.consent_epoch,
            consent_seconds=max(min(self.consent_until - clock, self.consented), 0.0),
            watermark=self.watermark,
            last_log_id=self.last_log_id,
            entries=len(self.log),
            last_entry_at=clock if self.log else None,
            clock=clock,
            replayed=self.replayed,
            orphaned=len(self.orphaned_entries),
            last_main_contact=self.last_main_contact,
            rounds=dict(self.rounds),
            in_sync=self.in_sync,
        )

    def lease_epoch(self) -> int | None:
        """Return the epoch of the lease that still runs."""
        return self.lease[0] if self.lease and self.lease[1] > self.clock() else None
