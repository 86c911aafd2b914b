"""What the outside world knows: what was committed, what was acknowledged, who took writes. And what must hold.

The letters are those of the invariants in the design: (a) every acknowledged transaction is on the primary,
(b) no two nodes take writes at one time, (c) nothing of an older epoch is acknowledged after a newer one
began.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn

from cluster.protocol.entries import Entry, EntryId
from tests.harness.fake_disk import Witness
from tests.harness.fake_server import Server

Transaction = tuple[int, str]
"""A transaction of one epoch. The same id in two epochs is a retry."""


class Violation(AssertionError):
    """An invariant does not hold: (letter) what is wrong."""


class Ledger(Witness):
    """Keeps account of a world and raises Violation.

    primary: the server that opened the newest epoch for writes. before: what the node that wrote
    PROMOTION(e) held of the epochs before e.
    """

    def __init__(self) -> None:
        self.violated = False
        self.boundary_checked = True
        self.entries: dict[EntryId, Entry] = {}
        self.sizes: Counter[Transaction] = Counter()
        self.acknowledged: set[EntryId] = set()
        self.late: set[EntryId] = set()
        self.before: dict[int, frozenset[EntryId]] = {}
        self.epoch = 0
        self.primary: Server | None = None

    def fail(self, sentence: str) -> NoReturn:
        """Return an invariant does not hold."""
        self.violated = True
        raise Violation(sentence)

    def committed(self, server: Server, entries: Sequence[Entry]) -> None:
        """Remember what must never be lost, and whether a newer epoch takes writes already."""
        for entry in entries:
            if entry.id in self.entries:
                self.fail(f"(4) {server} gave the identity {entry.id} a second time")
            self.entries[entry.id] = entry
            self.sizes[entry.epoch, entry.transaction_id] += 1
            if entry.epoch < self.epoch:
                self.late.add(entry.id)
            if entry.is_control:
                self.before[entry.epoch] = older(server, entry.epoch)

    def opened(self, server: Server, epoch: int) -> None:
        """Check a node that begins to take writes: it holds all that was acknowledged. Invariant (a)."""
        if (epoch, server) == (self.epoch, self.primary):
            return
        if epoch <= self.epoch:
            self.fail(f"(c) {server} takes writes in {epoch} after {self.epoch} began")
        self.epoch, self.primary = epoch, server
        self.check_kept()

    def removed(self, server: Server, entries: Sequence[Entry]) -> None:
        """Nothing acknowledged is ever orphaned. Invariant (a)."""
        lost = self.acknowledged & {entry.id for entry in entries}
        if lost:
            self.fail(f"(a) {server} set acknowledged entries aside: {sorted(lost)}")

    def told(self, server: Server, entries: Sequence[Entry]) -> None:
        """Note that a writer hears "done"."""
        ids = {entry.id for entry in entries}
        if ids & self.late:
            self.fail(f"(c) {sorted(ids)} were written after epoch {self.epoch} began")
        self.acknowledged |= ids
        self.check_kept()

    def check(self, servers: Iterable[Server]) -> None:
        """Check what holds at every moment."""
        writable = [server for server in servers if server.writable]
        if len(writable) > 1:
            self.fail(f"(b) {writable} take writes at one time")
        self.check_kept()

    def check_kept(self) -> None:
        """Check that the node that opened the newest epoch holds all that was acknowledged. Invariant (a)."""
        if self.primary and not self.acknowledged <= self.primary.log.keys():
            lost = sorted(self.acknowledged - self.primary.log.keys())
            self.fail(f"(a) {lost} were acknowledged, {self.primary} lacks them")

    def stored(self, server: Server) -> None:
        """Check that a log that has changed keeps the boundary rule and shows whole transactions."""
        if self.boundary_checked:
            self.check_boundary(server)
        self.check_whole(server)

    def check_boundary(self, server: Server) -> None:
        """Who holds PROMOTION(e) holds of the older epochs what the node held that wrote it, and no more."""
        differ = older(server, server.led) ^ self.before.get(server.led, frozenset())
        if differ:
            self.fail(f"(boundary) {server} leads {server.led} and differs in {sorted(differ)}")

    def check_whole(self, server: Server) -> None:
        """Check that a log shows whole transactions only."""
        held = Counter((entry.epoch, entry.transaction_id) for entry in server.log.values())
        torn = [transaction for transaction, size in held.items() if size != self.sizes[transaction]]
        if torn:
            self.fail(f"(whole) {server} holds a part of {torn}")


def older(server: Server, epoch: int) -> frozenset[EntryId]:
    """Return what a server holds of the epochs before `epoch`."""
    return frozenset(entry_id for entry_id in server.log if entry_id.epoch < epoch)
