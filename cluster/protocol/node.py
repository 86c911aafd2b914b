"""What the verbs may ask of a node: each call is atomic on that one node and has a deadline.

`cluster.nodes.mariadb.MariaDBNode` answers from a real server, the tests' fake node from memory; both are
held to the same tests. Every method may raise NodeUnreachable; then nobody knows whether it was done, and
every one may be repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.gaps import Range
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.parts import Part, Position
from cluster.protocol.policy import Automation
from cluster.protocol.view import NodeState


@dataclass(frozen=True, slots=True)
class LargeTransaction:
    """A transaction that does not fit into a window: it travels in parts.

    ranges: its log ids, ascending. measured: these are all of them.
    """

    transaction_id: str
    epoch: int
    ranges: tuple[Range, ...]
    measured: bool = True

    @property
    def entries(self) -> int:
        """How many it has."""
        return sum(item.ids for item in self.ranges)

    @property
    def last(self) -> int:
        """Its last log id."""
        return self.ranges[-1].last


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a log: whole transactions only, as one snapshot shows them.

    `upto`: everything at or below this log id that the snapshot shows is in here or was excluded because it
    ends beyond. `complete`: the snapshot showed nothing beyond. `large`: the transaction that has to be read by
    itself before any other can be.
    """

    entries: Sequence[Entry]
    upto: int
    complete: bool
    large: LargeTransaction | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append added: entries and transactions that the node did not hold before."""

    entries: int
    transactions: int


class Node(Protocol):
    """One of the three nodes."""

    @property
    def name(self) -> NodeName:
        """Its name."""

    def state(self) -> NodeState:
        """Return what the node knows of itself now."""

    def claim(self, epoch: int, waived_consent_epoch: int | None = None) -> None:
        """Promise to refuse epochs below `epoch` and take the node's own lease away.

        `waived_consent_epoch`: the primary of that epoch is known to have no lease, its consent need not run out.
        Raises StaleEpoch (promised as much already), ConsentRunning, WritersBusy.
        """

    def consent(self, epoch: int, seconds: float) -> None:
        """Let nobody claim this node for `seconds`. Raises StaleEpoch."""

    def beat(self) -> float:
        """Commit a heartbeat, which proves that the node can; its own clock then, in seconds."""

    def probe_peer(self, other: NodeName) -> Reachability:
        """Probe another node from this one's own server."""

    def open_writes(self, epoch: int, mode: Mode, since: float, seconds: float) -> None:
        """Grant a lease of `seconds` from `since`, an earlier reading of the node's clock, and the writing mode.

        Raises StaleEpoch, also when that clock has stepped back meanwhile.
        """

    def renew_lease(self, epoch: int, since: float, seconds: float) -> None:
        """Extend the lease that the node holds. Raises as `open_writes`, also when it holds none."""

    def close_writes(self, mode: Mode | None = None, epoch: int | None = None) -> None:
        """Wait for running writes, give up the lease, take `mode` (None: keep it).

        `epoch`: the promise under which the caller acts (None: whatever it is). Raises WritersBusy, StaleEpoch.
        """

    def follow(self, epoch: int) -> None:
        """Raise the promise to `epoch`; a lease of a lower epoch ends. Raises StaleEpoch, WritersBusy."""

    def log_ids(self, after: int, upto: int | None = None, limit: int | None = None) -> list[EntryId]:
        """Identities of the entries with after < log_id <= upto, by log id, the first `limit` of them."""

    def read_log(self, after: int, limit: int, skipped: Sequence[str] = ()) -> Window:
        """Return at most `limit` entries after log id `after`, fewer when they are large; without those `skipped`."""

    def read_entries(
        self,
        after: int,
        ranges: Sequence[Range],
        limit: int,
        skipped: Sequence[str] = (),
        *,
        leaves_out: bool = False,
    ) -> Window:
        """Do as read_log, and in the same snapshot whatever `ranges` of earlier log ids show now.

        `leaves_out`: earlier ids that are in none of `ranges` may have come: a transaction of which they show a part
        alone has to be read by itself.
        """

    def measure(self, large: LargeTransaction) -> LargeTransaction:
        """Return the transaction with the next of its log ids."""

    def read_part(self, large: LargeTransaction, after: Position, limit: int) -> Part | None:
        """Return the next of a large transaction, at most `limit` entries; None at its end."""

    def staged(self, large: LargeTransaction) -> Position:
        """Return the entries of a large transaction that have arrived here whole, in parts."""

    def stage(self, part: Part) -> None:
        """Keep a part of a large transaction until all of it is here. Nobody sees it."""

    def install_staged(self, epoch: int, large: LargeTransaction, *, boundary: bool) -> Appended:
        """Append a large transaction whose parts are all here, as `append` does: whole or not at all.

        May take minutes. Raises StaleEpoch.
        """

    def drop_staged(self, before_epoch: int) -> None:
        """Forget parts of transactions of earlier epochs: nobody will bring the rest."""

    def writing_transactions(self) -> frozenset[int]:
        """Return the transactions that are writing on this node now."""

    def promotion_watermark(self, after_epoch: int) -> int | None:
        """Return the lowest watermark named by PROMOTION entries of epochs above `after_epoch`; None without any."""

    def append(self, epoch: int, entries: Sequence[Entry], *, boundary: bool) -> Appended:
        """Add the missing entries and store the newest image of each touched record, in one transaction.

        What cannot be stored is quarantined; its entries are kept. `boundary`: the sender keeps the order of
        epochs itself (reconcile). Raises StaleEpoch.
        """

    def orphan_entries(self, epoch: int, orphans: Sequence[EntryId]) -> int:
        """Move entries from the log to the orphaned ones and restore their records. Raises StaleEpoch."""

    def write_promotion(self, epoch: int, facts: str) -> None:
        """Write PROMOTION(epoch) with `facts` (JSON) into the log, once. Raises StaleEpoch."""

    def verify(self, log_id: int) -> None:
        """Raise the commit watermark to `log_id`: all at or below it is settled and on a majority."""

    def heard_from_main(self) -> None:
        """Note that Main's log reached this node just now."""

    def note_follower(self, epoch: int) -> None:
        """On the primary: another node is about to follow `epoch`, so it may not go on without consent any more."""

    def note_rounds(self, epoch: int, rounds: Mapping[NodeName, int]) -> None:
        """Note the newest round of each node, and that this one holds all that the primary holds. Raises StaleEpoch."""

    def orphaned(self, limit: int) -> list[Entry]:
        """Orphaned entries here and not yet filed on the primary, oldest first."""

    def file_orphans(self, found_on: NodeName, entries: Sequence[Entry]) -> None:
        """On the primary: keep `entries` as orphaned transactions, a normal write. May be repeated.

        Raises Refused when this node takes no writes.
        """

    def forget_orphaned_entries(self, ids: Sequence[EntryId]) -> None:
        """Drop orphaned entries that the primary holds as orphaned transactions."""

    def acknowledge(self, arrived: Mapping[str, int]) -> None:
        """On the primary: tell the writers that wait that a second node holds these transactions.

        `arrived`: each with its last log id.
        """

    def note_transfer(self, target: NodeName, first_log_id: int, entries: int, seconds: float) -> None:
        """On the primary: tell the writers that wait for these entries that they arrive within `seconds`, or get on."""

    def forget_acknowledgements(self, seconds: float) -> None:
        """On the primary: drop acknowledgements that are older."""

    def lead(self) -> bool:
        """On the primary: whether this session is the one replicator that works. Asked again, it stays."""

    def automate(self, automation: Automation) -> None:
        """Keep the operators' decision on the watch, unless a later one is known."""

    def lease_epoch(self) -> int | None:
        """Return the epoch of the lease that the node holds, None without; one read, for a loop."""

    def close(self) -> None:
        """Let the connection go; the next call makes a new one."""
