"""A node in memory: each primitive as the server's own procedures do it (see sql/cluster/procedures)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

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
    NodeFailed,
    Refused,
)
from cluster.protocol.gaps import Range
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import Appended, LargeTransaction, Window
from cluster.protocol.parts import Part, Position
from cluster.protocol.view import Watermark
from tests.harness.fake_disk import (
    EPOCH_START,
    ORPHANED,
    PROMOTED,
    OpenWrite,
    facts_of,
)
from tests.harness.fake_voter import Voter

MEASURED = 2
"""Log ids of a large transaction that one read shows."""


class Server(Voter):
    """One node: its writers, its log, and what the cluster asks of it."""

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
        """Return an entry with the next log id, which is gone even when nobody commits it."""
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
        """Return the entries of one transaction in the log."""
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
        self,
        after: int,
        ranges: Sequence[Range],
        limit: int,
        skipped: Sequence[str] = (),
        *,
        leaves_out: bool = False,
    ) -> Window:
        """See cluster/nodes/log/windows.py: `window`."""
        found = self.cut_by_size(after, ranges, limit, skipped)
        torn = (e for e in found.entries if leaves_out and not {*self.twins(e)} <= {*found.entries})
        if (first := next(torn, None)) is not None:
            return Window([], after, complete=False, large=self.large(first))
        return found

    def cut_by_size(self, after: int, ranges: Sequence[Range], limit: int, skipped: Sequence[str]) -> Window:
        """See cluster/nodes/log/windows.py."""
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
        """Return the first `limit` of the entries in `ranges` and after `after`."""
        log = [entry for entry in self.sorted_log() if entry.transaction_id not in skipped]
        again = [e for e in log for item in ranges if item.first <= e.log_id <= item.last]
        return [*again, *(e for e in log if e.log_id > after)][:limit]

    def twins(self, one: Entry | LargeTransaction) -> list[Entry]:
        """Return the entries of the same transaction."""
        key = (one.transaction_id, one.epoch)
        return [entry for entry in self.sorted_log() if (entry.transaction_id, entry.epoch) == key]

    def large(self, entry: Entry) -> LargeTransaction:
        """Return the transaction of an entry, with its first log ids."""
        return self.measure(LargeTransaction(entry.transaction_id, entry.epoch, (), measured=False))

    def measure(self, large: LargeTransaction) -> LargeTransaction:
        """See cluster/nodes/log/windows.py."""
        own = [Range(e.log_id, e.log_id) for e in self.twins(large)]
        known = len(large.ranges) + MEASURED
        return replace(large, ranges=tuple(own[:known]), measured=len(own) < known)

    def read_part(self, large: LargeTransaction, after: Position, limit: int) -> Part | None:
        """See cluster/nodes/log/reading.py. No entry is so large here that it would travel in pieces."""
        key = (large.transaction_id, large.epoch)
        own = [e for e in self.sorted_log() if (e.transaction_id, e.epoch) == key and e.log_id > after.log_id]
        return Part(own[:limit], Position(own[:limit][-1].log_id)) if own else None

    def staged(self, large: LargeTransaction) -> Position:
        """See cluster/nodes/log/staging.py."""
        key = (large.transaction_id, large.epoch)
        own = (e.log_id for e in self.staging.values() if (e.transaction_id, e.epoch) == key)
        return Position(max(own, default=0))

    def stage(self, part: Part) -> None:
        """See cluster/nodes/log/staging.py."""
        self.staging |= {entry.id: entry for entry in part.entries}

    def install_staged(self, epoch: int, large: LargeTransaction, *, boundary: bool) -> Appended:
        """See install_staged.sql."""
        key = (large.transaction_id, large.epoch)
        parts = [entry for entry in self.staging.values() if (entry.transaction_id, entry.epoch) == key]
        held = [entry for entry in self.log.values() if (entry.transaction_id, entry.epoch) == key]
        if large.entries not in (len(parts), len(held)):
            raise NodeFailed(self.name, "parts of the transaction are missing; stage them again.", 45004)
        added = self.append(epoch, parts, boundary=boundary)
        for entry in parts:
            del self.staging[entry.id]
        return added

    def drop_staged(self, before_epoch: int) -> None:
        """See cluster/nodes/log/staging.py."""
        self.staging = {key: entry for key, entry in self.staging.items() if entry.epoch >= before_epoch}

    def ends(self) -> dict[str, int]:
        """Return the last log id of each transaction in the log."""
        return {entry.transaction_id: entry.log_id for entry in self.sorted_log()}

    def writing_transactions(self) -> frozenset[int]:
        """Return the open write transactions."""
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
        """Return a watermark with the number of entries at or below it."""
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
        """Free the user lock of a session that ends."""
        if self.leader is session:
            self.leader = None


def orphan_record(entry_id: EntryId) -> Record:
    """Return the row that keeps an orphaned entry."""
    return Record(ORPHANED, f"{entry_id.epoch}-{entry_id.log_id}")


def orphan_image(found_on: NodeName, entry: Entry) -> str:
    """Return the row's image: where it was found and the whole entry."""
    return json.dumps([found_on.value, *entry[:-1]])
