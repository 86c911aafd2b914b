"""A node in memory: each primitive as the server's own procedures do it (see sql/cluster/procedures).

`Server` is the node itself: its disk, its memory, its clock, its writers.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cluster.protocol.entries import (
    CONTROL,
    PROMOTION,
    ROW,
    Entry,
    EntryId,
    Record,
    count_transactions,
    newest_by_record,
    whole_transactions,
)
from cluster.protocol.errors import (
    ConsentRunning,
    NodeFailed,
    Refused,
    StaleEpoch,
    WritersBusy,
)
from cluster.protocol.gaps import Range
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import Mode, NodeName, Solo
from cluster.protocol.node import Appended, LargeTransaction, Window
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
    "log", "tables", "orphaned_entries", "staging", "counter", "promised", "alone", "mode", "consent_epoch",
    "consent_until", "consented", "lease_begin", "lease_end", "watermark", "replayed", "last_main_contact",
    "automation", "rounds", "followed_epoch",
)  # fmt: skip
FIRST_MODE = {
    NodeName.MAIN: Mode.PRIMARY,
    NodeName.NODE_A: Mode.VICE,
    NodeName.NODE_B: Mode.REPLICA,
}


def facts_of(promotion: Entry) -> dict[str, Any]:
    """What a PROMOTION entry says."""
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

    def committed(self, server: "Server", entries: Sequence[Entry]) -> None:
        """`server` has committed entries of its own."""

    def opened(self, server: "Server", epoch: int) -> None:
        """`server` takes writes in `epoch` from now on, or goes on with it."""

    def removed(self, server: "Server", entries: Sequence[Entry]) -> None:
        """`server` has set entries aside."""

    def stored(self, server: "Server") -> None:
        """The log of `server` has changed."""

    def told(self, server: "Server", entries: Sequence[Entry]) -> None:
        """A writer hears "done" of the transaction that wrote these entries on `server`."""


class Server:
    """One node: what its disk, its memory and its clock hold, and what its procedures do.

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
        self.peers: Mapping[NodeName, Server] = {}
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
        """A copy of what is on the disk."""
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
        """The later decision counts."""
        self.automation = max(self.automation, automation, key=lambda known: known.version)

    def beat(self) -> float:
        """A commit always succeeds here; the clock after it."""
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
        """See cluster/nodes/queries/state.sql."""
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
        """The epoch of the lease that still runs."""
        return self.lease[0] if self.lease and self.lease[1] > self.clock() else None

    # Votes and leases

    def require_promise(self, epoch: int) -> None:
        """See require_promise.sql."""
        if self.promised != epoch:
            raise StaleEpoch(self.name, epoch, f"this node has promised epoch {self.promised}.")

    def require_promotion(self, epoch: int) -> None:
        """See require_promotion.sql."""
        if self.led != epoch:
            raise StaleEpoch(self.name, epoch, f"its newest promotion is of epoch {self.led}.")

    def barrier(self) -> None:
        """The mode row, taken exclusively: running writes hold it in share mode."""
        if self.open:
            raise WritersBusy(self.name, 2)

    def consent_runs(self, waived_consent_epoch: int | None) -> bool:
        """Whether somebody else may still hold a lease that this node consented to."""
        running = self.consent_until > self.clock() and self.lease is None
        return running and self.consent_epoch >= self.promised and self.consent_epoch != waived_consent_epoch

    def raise_lease_end(self, epoch: int, until: float) -> None:
        """See raise_lease_end.sql: it only grows."""
        self.lease_end = max(self.lease_end, (epoch, until))

    def end_lease(self, epoch: int) -> None:
        """Take the lease of every epoch below away."""
        self.raise_lease_end(epoch, GONE)

    def claim(self, epoch: int, waived_consent_epoch: int | None = None) -> None:
        """See claim.sql."""
        self.barrier()
        self.bound_consent()
        if self.promised >= epoch:
            raise StaleEpoch(self.name, epoch, f"it has promised epoch {self.promised}.")
        if self.consent_runs(waived_consent_epoch):
            seconds = self.consent_until - self.clock()
            raise ConsentRunning(self.name, self.consent_epoch, seconds)
        self.end_lease(epoch)
        self.promised = epoch

    def bound_consent(self) -> None:
        """See bound_consent.sql."""
        self.consent_until = min(self.consent_until, self.clock() + self.consented)

    def consent(self, epoch: int, seconds: float) -> None:
        """See consent.sql."""
        self.require_promise(epoch)
        self.bound_consent()
        self.consent_until = max(self.consent_until, self.clock() + seconds)
        self.consented = self.consent_until - self.clock()
        self.consent_epoch = epoch

    def open_writes(self, epoch: int, mode: Mode, since: float, seconds: float) -> None:
        """See open_writes.sql."""
        self.grants = {e for e in self.grants if e >= epoch} | {epoch}
        self.barrier()
        self.require_promise(epoch)
        self.require_promotion(epoch)
        self.mode, self.replayed = mode, 0
        self.permit(epoch, since, seconds)

    def is_overtaken(self, epoch: int) -> bool:
        """See is_overtaken.sql."""
        return self.lease_begin > (epoch, self.clock() + FORGIVEN)

    def drop_overtaken_lease(self) -> None:
        """See drop_overtaken_lease.sql."""
        if self.is_overtaken(self.lease_end[0]):
            self.raise_lease_end(self.lease_end[0], CLOSED)

    def permit(self, epoch: int, since: float, seconds: float) -> None:
        """See permit.sql; the lease may have run out already."""
        self.lease_begin = max(self.lease_begin, (epoch, since))
        if self.is_overtaken(epoch):
            self.raise_lease_end(epoch, CLOSED)
            raise StaleEpoch(self.name, epoch, "the clock of this node has stepped back.")
        self.raise_lease_end(epoch, since + seconds)
        if self.writable:
            self.witness.opened(self, epoch)

    def renew_lease(self, epoch: int, since: float, seconds: float) -> None:
        """See renew_lease.sql."""
        self.require_promise(epoch)
        self.drop_overtaken_lease()
        if self.lease is None or self.lease[0] != epoch:
            raise StaleEpoch(self.name, epoch, "this node holds no lease to renew.")
        self.permit(epoch, since, seconds)

    def close_writes(self, mode: Mode | None = None, epoch: int | None = None) -> None:
        """See change_mode.sql."""
        self.barrier()
        if epoch is not None:
            self.require_promise(epoch)
        self.raise_lease_end(self.lease_end[0], CLOSED)
        if mode not in (None, self.mode):
            self.mode = mode
            self.replayed = 0 if mode is Mode.RECOVERING else self.replayed

    def follow(self, epoch: int) -> None:
        """See follow.sql."""
        if self.promised == epoch:
            return
        self.barrier()
        if self.promised > epoch:
            raise StaleEpoch(self.name, epoch, f"this node has promised epoch {self.promised}.")
        self.promised = epoch
        self.end_lease(epoch)

    # Local writes

    def guard(self) -> None:
        """See guard_write.sql."""
        if not self.writable:
            raise Refused(f"{self.name.label} is in {self.mode} mode or holds no valid write lease.")

    def begin(self, transaction_id: str) -> OpenWrite:
        """Begin a write transaction; from now on it holds the barrier."""
        self.guard()
        self.transactions += 1
        write = OpenWrite(self.transactions, transaction_id)
        self.open[write.number] = write
        return write

    def change(self, write: OpenWrite, record: Record, value: str | None) -> None:
        """Write one row: the guard, the row's lock, the next log id. None deletes the row."""
        self.alive(write)
        self.guard()
        if any(record in other.images for other in self.open.values() if other is not write):
            raise NodeFailed(self.name, f"{record} is locked", 1205)
        old = write.images.get(record, self.tables.get(record))
        if old is not None or value is not None:
            write.entries.append(self.entry(write, record, old, value))

    def entry(self, write: OpenWrite, record: Record, old: str | None, new: str | None) -> Entry:
        """See write_entry.sql."""
        assert self.lease is not None
        operation = "INSERT" if old is None else "DELETE" if new is None else "UPDATE"
        return self.numbered(
            self.lease[0], write.transaction_id, len(write.entries) + 1, ROW, operation, record, old, new
        )

    def numbered(
        self,
        epoch: int,
        transaction_id: str,
        sequence: int,
        log_type: str,
        operation: str,
        record: Record,
        old: str | None,
        new: str | None,
    ) -> Entry:
        """An entry with the next log id, which is gone even when nobody commits it."""
        self.counter += 1
        moment = str(EPOCH_START + timedelta(seconds=self.counter))
        source = self.name.promotion_source if log_type == CONTROL else self.name.source
        return Entry(
            self.counter, epoch, transaction_id, sequence, log_type, operation, *record, old, new, source, moment
        )  # fmt: skip

    def alive(self, write: OpenWrite) -> None:
        """Raise when the session has lost its transaction."""
        if self.open.get(write.number) is not write:
            raise NodeFailed(self.name, "the transaction is gone", 2013)

    def commit(self, write: OpenWrite) -> list[Entry]:
        """End a write transaction; its entries."""
        self.alive(write)
        del self.open[write.number]
        self.log.update((entry.id, entry) for entry in write.entries)
        self.store(write.images)
        self.witness.committed(self, write.entries)
        self.witness.stored(self)
        return write.entries

    def rollback(self, write: OpenWrite) -> None:
        """Undo a write transaction, if it is still there."""
        if self.open.get(write.number) is write:
            del self.open[write.number]

    def holds(self, transaction_id: str) -> list[Entry]:
        """The entries of one transaction in the log."""
        return [e for e in self.log.values() if e.transaction_id == transaction_id]

    def await_acknowledgement(self, transaction_id: str) -> bool:
        """See is_settled.sql: whether a writer that asks now hears "done" without waiting."""
        entries = self.holds(transaction_id)
        followed = [
            e.epoch for e in self.log.values() if e.record == PROMOTED and facts_of(e)["node"] != self.name
        ]
        epoch = max([self.lease[0] if self.lease else 0, *followed])
        settled = not any(e.log_id > self.watermark.log_id and e.epoch >= epoch for e in entries)
        if entries and settled:
            self.witness.told(self, entries)
        return bool(entries) and settled

    # The log

    def log_ids(self, after: int, upto: int | None = None, limit: int | None = None) -> list[EntryId]:
        """See cluster/nodes/log/reading.py."""
        last = self.last_log_id if upto is None else upto
        return [e.id for e in self.sorted_log() if after < e.log_id <= last][:limit]

    def read_log(self, after: int, limit: int, skipped: Sequence[str] = ()) -> Window:
        """See cluster/nodes/log/reading.py."""
        return self.read_entries(after, (), limit, skipped)

    def read_entries(
        self, after: int, ranges: Sequence[Range], limit: int, skipped: Sequence[str] = ()
    ) -> Window:
        """See cluster/nodes/log/reading.py: `window` and `read`."""
        entries = self.part(after, ranges, limit, skipped)
        last = entries[-1].log_id if entries else after
        if len(entries) < limit:
            return Window(entries, max(last, after), complete=True)
        whole = whole_transactions(entries, self.ends(), last)
        kept = {entry.id for entry in whole}
        held_back = [e for e in entries if e.log_id > after and e.id not in kept]
        upto = max(held_back[0].log_id - 1 if held_back else last, after)
        if upto > after or any(entry.log_id <= after for entry in whole):
            return Window(whole, upto, complete=False)
        return Window([], after, complete=False, large=self.large(held_back[0] if held_back else entries[0]))

    def part(self, after: int, ranges: Sequence[Range], limit: int, skipped: Sequence[str]) -> list[Entry]:
        """The first `limit` of the entries in `ranges` and after `after`."""
        log = [entry for entry in self.sorted_log() if entry.transaction_id not in skipped]
        again = [e for e in log for item in ranges if item.first <= e.log_id <= item.last]
        return [*again, *(e for e in log if e.log_id > after)][:limit]

    def large(self, entry: Entry) -> LargeTransaction:
        """The transaction of an entry."""
        own = [
            e for e in self.sorted_log() if (e.transaction_id, e.epoch) == (entry.transaction_id, entry.epoch)
        ]
        ranges = tuple(Range(e.log_id, e.log_id) for e in own)
        return LargeTransaction(entry.transaction_id, entry.epoch, ranges)

    def read_part(self, large: LargeTransaction, after: int, limit: int) -> list[Entry]:
        """See cluster/nodes/log/reading.py."""
        key = (large.transaction_id, large.epoch)
        own = [e for e in self.sorted_log() if (e.transaction_id, e.epoch) == key and e.log_id > after]
        return own[:limit]

    def staged(self, large: LargeTransaction) -> int:
        """See cluster/nodes/log/staging.py."""
        key = (large.transaction_id, large.epoch)
        return max((e.log_id for e in self.staging.values() if (e.transaction_id, e.epoch) == key), default=0)

    def stage(self, entries: Sequence[Entry]) -> None:
        """See cluster/nodes/log/staging.py."""
        self.staging |= {entry.id: entry for entry in entries}

    def install_staged(self, epoch: int, large: LargeTransaction, *, boundary: bool) -> Appended:
        """See install_staged.sql."""
        key = (large.transaction_id, large.epoch)
        parts = [entry for entry in self.staging.values() if (entry.transaction_id, entry.epoch) == key]
        if len(parts) != large.entries:
            raise NodeFailed(self.name, "parts of the transaction are missing; stage them again.", 45004)
        added = self.append(epoch, parts, boundary=boundary)
        for entry in parts:
            del self.staging[entry.id]
        return added

    def drop_staged(self, before_epoch: int) -> None:
        """See cluster/nodes/log/staging.py."""
        self.staging = {key: entry for key, entry in self.staging.items() if entry.epoch >= before_epoch}

    def ends(self) -> dict[str, int]:
        """The last log id of each transaction in the log."""
        return {entry.transaction_id: entry.log_id for entry in self.sorted_log()}

    def writing_transactions(self) -> frozenset[int]:
        """The open write transactions."""
        return frozenset(self.open)

    def promotion_watermark(self, after_epoch: int) -> int | None:
        """See cluster/nodes/log/reading.py."""
        later = [e for e in self.log.values() if e.record == PROMOTED and e.epoch > after_epoch]
        return min((int(json.loads(e.new_value or "")["watermark"]) for e in later), default=None)

    def fence(self, epoch: int, boundary: bool) -> None:
        """Refuse an append of another epoch, and a push of an epoch that has not begun here."""
        self.require_promise(epoch)
        if not boundary:
            self.require_promotion(epoch)

    def append(self, epoch: int, entries: Sequence[Entry], *, boundary: bool) -> Appended:
        """See begin_append.sql and cluster/nodes/log/applying.py."""
        self.fence(epoch, boundary)
        missing = [entry for entry in entries if entry.id not in self.log]
        self.log.update((entry.id, entry) for entry in missing)
        self.counter = max([self.counter, *(entry.log_id for entry in missing)])
        self.restore(entry.record for entry in missing if not entry.is_control)
        transactions = count_transactions(missing)
        if self.mode is Mode.RECOVERING:
            self.replayed += transactions
        self.witness.stored(self)
        return Appended(len(missing), transactions)

    def restore(self, records: Iterable[Record]) -> None:
        """Store the image of each record's newest entry."""
        newest = newest_by_record(self.log.values())
        self.store({r: newest[r].new_value for r in records if r in newest})

    def store(self, images: dict[Record, str | None]) -> None:
        """Bring rows to their images."""
        for record, image in images.items():
            if image is None:
                self.tables.pop(record, None)
            else:
                self.tables[record] = image

    def orphan_entries(self, epoch: int, orphans: Sequence[EntryId]) -> int:
        """See cluster/nodes/log/applying.py: the newest remaining image, else what the oldest removed found."""
        self.require_promise(epoch)
        removed = [self.log.pop(entry_id) for entry_id in orphans if entry_id in self.log]
        self.orphaned_entries |= {entry.id: entry for entry in removed}
        rows = [e for e in sorted(removed, key=lambda e: e.id, reverse=True) if not e.is_control]
        self.store({entry.record: entry.old_value for entry in rows})
        self.restore(entry.record for entry in rows)
        self.lower_watermark(min((entry.log_id for entry in removed), default=0) - 1)
        self.witness.removed(self, removed)
        self.witness.stored(self)
        return len(removed)

    def lower_watermark(self, log_id: int) -> None:
        """Keep the commit watermark at or below `log_id`."""
        if self.watermark.log_id > log_id:
            self.watermark = self.counted(log_id)

    def verify(self, log_id: int) -> None:
        """Raise the commit watermark."""
        if log_id > self.watermark.log_id:
            self.watermark = self.counted(log_id)

    def counted(self, log_id: int) -> Watermark:
        """A watermark with the number of entries at or below it."""
        return Watermark(log_id, sum(entry_id.log_id <= log_id for entry_id in self.log))

    def write_promotion(self, epoch: int, facts: str) -> None:
        """See write_promotion.sql."""
        self.require_promise(epoch)
        if not any(e.epoch == epoch and e.record == PROMOTED for e in self.log.values()):
            entry = self.numbered(epoch, f"promotion-{epoch}", 1, CONTROL, PROMOTION, PROMOTED, None, facts)
            self.log[entry.id] = entry
            self.witness.committed(self, [entry])

    # Orphaned transactions

    def orphaned(self, limit: int) -> list[Entry]:
        """See cluster/nodes/log/filing.py."""
        oldest = sorted(self.orphaned_entries.values(), key=lambda e: (e.log_id, e.epoch))
        return oldest[:limit]

    def file_orphans(self, found_on: NodeName, entries: Sequence[Entry]) -> None:
        """See cluster/nodes/log/filing.py."""
        write = self.begin(f"filing-{self.name}-{self.incarnation}-{self.transactions}")
        try:
            for entry in entries:
                record = orphan_record(entry.id)
                if record not in self.tables:
                    self.change(write, record, orphan_image(found_on, entry))
            self.commit(write)
        finally:
            self.rollback(write)

    def forget_orphaned_entries(self, ids: Sequence[EntryId]) -> None:
        """See cluster/nodes/log/filing.py."""
        for entry_id in ids:
            self.orphaned_entries.pop(entry_id, None)

    def acknowledge(self, arrived: Mapping[str, int]) -> None:
        """Wake the writers of these transactions."""
        for transaction_id in arrived:
            self.witness.told(self, self.holds(transaction_id))

    def note_transfer(self, target: NodeName, first_log_id: int, entries: int, seconds: float) -> None:
        """Nobody waits for long here."""

    def forget_acknowledgements(self, seconds: float) -> None:
        """Nothing is kept here: a writer hears at once."""

    def note_follower(self, epoch: int) -> None:
        """See cluster/nodes/mariadb.py."""
        self.followed_epoch = max(self.followed_epoch, epoch)

    def note_rounds(self, epoch: int, rounds: Mapping[NodeName, int]) -> None:
        """See note_rounds.sql."""
        self.require_promise(epoch)
        self.rounds = {name: max(self.rounds[name], rounds.get(name, 0)) for name in NodeName}
        self.in_sync = True

    def heard_from_main(self) -> None:
        """See cluster/nodes/mariadb.py."""
        self.last_main_contact = (EPOCH_START + timedelta(seconds=self.clock())).isoformat()

    def lead(self, session: object) -> bool:
        """See cluster/nodes/mariadb.py."""
        self.leader = self.leader or session
        return self.leader is session

    def release(self, session: object) -> None:
        """The end of a session frees its user lock."""
        if self.leader is session:
            self.leader = None


def orphan_record(entry_id: EntryId) -> Record:
    """The row that keeps an orphaned entry."""
    return Record(ORPHANED, f"{entry_id.epoch}-{entry_id.log_id}")


def orphan_image(found_on: NodeName, entry: Entry) -> str:
    """The row's image: where it was found and the whole entry."""
    return json.dumps([found_on.value, *entry[:-1]])
