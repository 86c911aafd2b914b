"""What was seen of a node and of the cluster at one moment. Frozen: decisions are made on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import MAJORITY, Mode, NodeName, Solo
from cluster.protocol.policy import UNDECIDED, Automation

COUNTED_ENTRIES = 20_000
"""Log ids above the watermark whose entries a node counts when it is asked for its state. Beyond, each id is taken for
an entry: a probe has to answer in time while a transaction of a million rows is on its way."""
NEARLY_CAUGHT_UP = 2_000
"""Entries that may be missing when the old primary of a switchover closes: one append's worth."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A permit to take writes in `epoch` for another `seconds` (negative: it has run out)."""

    epoch: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Watermark:
    """Every entry at or below `log_id` is held by a majority for good; the node has `entries` of them."""

    log_id: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node as it described itself.

    promised: the lowest epoch it still takes orders of. led: the epoch of its newest PROMOTION, 0 for none.
    primary: the node that this PROMOTION made the primary. consent_seconds: how long nobody may claim the
    node (0: free), for a lease of consent_epoch. last_log_id, entries: the end and the size of its log.
    last_entry_at: seconds since 1970 of its newest entry. clock: its own clock, seconds since 1970.
    replayed: transactions it has replayed since it entered RECOVERING. orphaned: orphaned entries here and
    not yet filed on the primary. failover_at: seconds since 1970 of the last automatic failover up to this
    PROMOTION. automation: what it heard of the operators' decision on the watch. alone: whether it may take
    writes without a second node. quarantined: records whose newest entry it could not store. defect: what is wrong
    with its replicated tables, a sentence; empty when nothing is. rounds, in_sync: see protocol/staleness.py.
    """

    name: NodeName
    mode: Mode
    promised: int
    led: int
    primary: NodeName | None
    lease: Lease | None
    consent_epoch: int
    consent_seconds: float
    watermark: Watermark
    last_log_id: int
    entries: int
    last_entry_at: float | None
    clock: float
    replayed: int = 0
    orphaned: int = 0
    last_main_contact: str | None = None
    failover_at: float | None = None
    automation: Automation = UNDECIDED
    solo: Solo = Solo.NEVER
    quarantined: int = 0
    defect: str = ""
    pruned: int = 0
    pruned_entries: int = 0
    rounds: Mapping[NodeName, int] = field(default_factory=dict)
    in_sync: bool = True

    @property
    def blank(self) -> bool:
        """Whether it knows no epoch: it is new, or it lost its data and with it what it had promised."""
        return self.promised == 0

    @property
    def withdrawn(self) -> bool:
        """Whether it takes no part while it is rebuilt."""
        return self.promised < 0

    @property
    def unfit(self) -> str:
        """Why the node must not become the primary although it answers, in a sentence; empty when it may."""
        if self.quarantined:
            rows = "1 row is" if self.quarantined == 1 else f"{self.quarantined} rows are"
            return f"{rows} quarantined on {self.name.label}: run quarantine list {self.name}."
        return f"{self.name.label}: {self.defect}" if self.defect else ""

    @property
    def writable(self) -> bool:
        """Whether the node takes writes at this moment."""
        return (
            self.mode.takes_writes
            and self.lease is not None
            and self.lease.epoch == self.promised
            and self.lease.seconds > 0
        )


@dataclass(frozen=True, slots=True)
class ClusterView:
    """Every node as seen at one moment: its state, or why it could not be seen."""

    nodes: Mapping[NodeName, NodeState | NodeUnreachable]

    def state(self, name: NodeName) -> NodeState | None:
        """Return the node's state, None when it does not answer."""
        seen = self.nodes[name]
        return seen if isinstance(seen, NodeState) else None

    def error(self, name: NodeName) -> NodeUnreachable | None:
        """Return why the node could not be seen, None when it answered."""
        seen = self.nodes[name]
        return seen if isinstance(seen, NodeUnreachable) else None

    @property
    def reachable(self) -> list[NodeState]:
        """The nodes that answered."""
        return [seen for seen in self.nodes.values() if isinstance(seen, NodeState)]

    @property
    def primary(self) -> NodeState | None:
        """The node that takes writes now: writable and of the highest epoch."""
        return max((n for n in self.reachable if n.writable), key=lambda n: n.promised, default=None)

    @property
    def lapsed(self) -> NodeState | None:
        """The primary whose lease has run out and may be renewed: nobody was promoted since."""
        holders = (n for n in self.reachable if n.lease and n.lease.epoch == n.promised == self.epoch)
        return None if self.primary else next((n for n in holders if n.mode.takes_writes), None)

    @property
    def newest(self) -> NodeState | None:
        """The node, or one of those, that know the newest promotion seen."""
        return max(self.reachable, key=lambda n: n.led, default=None)

    @property
    def last_primary(self) -> NodeName | None:
        """The node that the newest promotion seen made the primary."""
        return self.newest.primary if self.newest else None

    @property
    def failover_at(self) -> float | None:
        """Seconds since 1970 of the last automatic failover; None when there was none."""
        return self.newest.failover_at if self.newest else None

    @property
    def automation(self) -> Automation:
        """What the operators decided last, as far as can be seen."""
        return max((n.automation for n in self.reachable), key=lambda a: a.version, default=UNDECIDED)

    @property
    def epoch(self) -> int:
        """The highest epoch that began, as far as can be seen."""
        return max((n.led for n in self.reachable), default=0)

    @property
    def promised(self) -> int:
        """The highest epoch that a node promised, as far as can be seen; it may never begin."""
        return max((n.promised for n in self.reachable), default=0)

    @property
    def overtaken_by(self) -> list[NodeState]:
        """The nodes that promised an epoch above the primary's: somebody claimed them and got no majority.

        They take nothing from this primary any more, until it begins an epoch above theirs.
        """
        primary = self.primary
        return [n for n in self.reachable if primary and n.promised > primary.promised]

    @property
    def quorum(self) -> bool:
        """Whether a majority of the nodes answered."""
        return len(self.reachable) >= MAJORITY

    def unfit(self) -> str:
        """Return the nodes that must not become the primary although they answer, in sentences; empty without any."""
        return " ".join(state.unfit for state in self.reachable if state.unfit)

    def missing(self) -> str:
        """Return the unreachable nodes in a sentence, empty when there are none."""
        return " ".join(
            f"{name.label}: {seen.reason}."
            for name, seen in self.nodes.items()
            if isinstance(seen, NodeUnreachable)
        )

    def lag_entries(self, name: NodeName) -> int | None:
        """Entries that the node lacks of the reference's log; None when either cannot be seen."""
        state, reference = self.state(name), self.reference
        if state is None or reference is None:
            return None
        behind = max(reference.entries - state.entries, 0)
        return max(behind, 1) if state.led < reference.led else behind

    def lag_seconds(self, name: NodeName) -> float | None:
        """Age of the node's newest entry while it lags, 0.0 when it does not."""
        lag, state, reference = self.lag_entries(name), self.state(name), self.reference
        if lag is None or state is None or reference is None:
            return None
        if lag == 0 or state.last_entry_at is None:
            return 0.0
        return max(reference.clock - state.last_entry_at, 0.0)

    @property
    def reference(self) -> NodeState | None:
        """The log that lag is measured against: the primary's, else the newest that can be seen."""
        return self.primary or max(self.reachable, key=lambda n: (n.led, n.entries), default=None)
