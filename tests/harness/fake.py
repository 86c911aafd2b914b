"""One connection to a fake server. It satisfies `cluster.protocol.node.Node`: the verbs run on it unchanged."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cluster.protocol.entries import Entry, EntryId
from cluster.protocol.gaps import Range
from cluster.protocol.monitor_state import Reachability
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import Appended, LargeTransaction, Window
from cluster.protocol.parts import Part, Position
from cluster.protocol.policy import Automation
from cluster.protocol.view import NodeState
from tests.harness.fake_server import Server

T = TypeVar("T")

Deliver = Callable[[Server, str, Callable[[], Any]], Any]
"""Carries a call to a server and its answer back: (server, name of the call, the call)."""


def at_once(_server: Server, _verb: str, call: Callable[[], Any]) -> Any:
    """Return a call without any distance."""
    return call()


class FakeNode:
    """One connection to a server. Satisfies `cluster.protocol.node.Node`."""

    def __init__(self, server: Server, deliver: Deliver = at_once) -> None:
        self.server = server
        self.deliver = deliver

    def __repr__(self) -> str:
        return f"FakeNode({self.name.value})"

    @property
    def name(self) -> NodeName:
        """Its name."""
        return self.server.name

    def state(self) -> NodeState:
        """Return what the node knows of itself now."""
        return self._call(self.server.state)

    def claim(self, epoch: int, waived_consent_epoch: int | None = None) -> None:
        """As the protocol says."""
        return self._call(self.server.claim, epoch, waived_consent_epoch)

    def consent(self, epoch: int, seconds: float) -> None:
        """As the protocol says."""
        return self._call(self.server.consent, epoch, seconds)

    def beat(self) -> float:
        """As the protocol says."""
        return self._call(self.server.beat)

    def probe_peer(self, other: NodeName) -> Reachability:
        """As the protocol says."""
        return self._call(self.server.probe_peer, other)

    def automate(self, automation: Automation) -> None:
        """As the protocol says."""
        return self._call(self.server.automate, automation)

    def open_writes(self, epoch: int, mode: Mode, since: float, seconds: float) -> None:
        """As the protocol says."""
        return self._call(self.server.open_writes, epoch, mode, since, seconds)

    def renew_lease(self, epoch: int, since: float, seconds: float) -> None:
        """As the protocol says."""
        return self._call(self.server.renew_lease, epoch, since, seconds)

    def close_writes(self, mode: Mode | None = None, epoch: int | None = None) -> None:
        """As the protocol says."""
        return self._call(self.server.close_writes, mode, epoch)

    def follow(self, epoch: int) -> None:
        """As the protocol says."""
        return self._call(self.server.follow, epoch)

    def log_ids(self, after: int, upto: int | None = None, limit: int | None = None) -> list[EntryId]:
        """As the protocol says."""
        return self._call(self.server.log_ids, after, upto, limit)

    def read_log(self, after: int, limit: int, skipped: Sequence[str] = ()) -> Window:
        """As the protocol says."""
        return self._call(self.server.read_log, after, limit, tuple(skipped))

    def read_entries(
        self,
        after: int,
        ranges: Sequence[Range],
        limit: int,
        skipped: Sequence[str] = (),
        *,
        leaves_out: bool = False,
    ) -> Window:
        """As the protocol says."""
        return self._call(
            self.server.read_entries, after, tuple(ranges), limit, tuple(skipped), leaves_out=leaves_out
        )

    def measure(self, large: LargeTransaction) -> LargeTransaction:
        """As the protocol says."""
        return self._call(self.server.measure, large)

    def read_part(self, large: LargeTransaction, after: Position, limit: int) -> Part | None:
        """As the protocol says."""
        return self._call(self.server.read_part, large, after, limit)

    def staged(self, large: LargeTransaction) -> Position:
        """As the protocol says."""
        return self._call(self.server.staged, large)

    def stage(self, part: Part) -> None:
        """As the protocol says."""
        return self._call(self.server.stage, part)

    def install_staged(self, epoch: int, large: LargeTransaction, *, boundary: bool) -> Appended:
        """As the protocol says."""
        return self._call(self.server.install_staged, epoch, large, boundary=boundary)

    def drop_staged(self, before_epoch: int) -> None:
        """As the protocol says."""
        return self._call(self.server.drop_staged, before_epoch)

    def writing_transactions(self) -> frozenset[int]:
        """As the protocol says."""
        return self._call(self.server.writing_transactions)

    def promotion_watermark(self, after_epoch: int) -> int | None:
        """As the protocol says."""
        return self._call(self.server.promotion_watermark, after_epoch)

    def append(self, epoch: int, entries: Sequence[Entry], *, boundary: bool) -> Appended:
        """As the protocol says."""
        return self._call(self.server.append, epoch, list(entries), boundary=boundary)

    def orphan_entries(self, epoch: int, orphans: Sequence[EntryId]) -> int:
        """As the protocol says."""
        return self._call(self.server.orphan_entries, epoch, list(orphans))

    def write_promotion(self, epoch: int, facts: str) -> None:
        """As the protocol says."""
        return self._call(self.server.write_promotion, epoch, facts)

    def verify(self, log_id: int) -> None:
        """As the protocol says."""
        return self._call(self.server.verify, log_id)

    def orphaned(self, limit: int) -> list[Entry]:
        """As the protocol says."""
        return self._call(self.server.orphaned, limit)

    def file_orphans(self, found_on: NodeName, entries: Sequence[Entry]) -> None:
        """As the protocol says."""
        return self._call(self.server.file_orphans, found_on, list(entries))

    def forget_orphaned_entries(self, ids: Sequence[EntryId]) -> None:
        """As the protocol says."""
        return self._call(self.server.forget_orphaned_entries, list(ids))

    def acknowledge(self, arrived: Mapping[str, int]) -> None:
        """As the protocol says."""
        return self._call(self.server.acknowledge, dict(arrived))

    def note_transfer(self, target: NodeName, first_log_id: int, entries: int, seconds: float) -> None:
        """As the protocol says."""
        return self._call(self.server.note_transfer, target, first_log_id, entries, seconds)

    def forget_acknowledgements(self, seconds: float) -> None:
        """As the protocol says."""
        return self._call(self.server.forget_acknowledgements, seconds)

    def note_follower(self, epoch: int) -> None:
        """As the protocol says."""
        return self._call(self.server.note_follower, epoch)

    def note_rounds(self, epoch: int, rounds: Mapping[NodeName, int]) -> None:
        """As the protocol says."""
        return self._call(self.server.note_rounds, epoch, rounds)

    def heard_from_main(self) -> None:
        """As the protocol says."""
        return self._call(self.server.heard_from_main)

    def lead(self) -> bool:
        """As the protocol says."""
        return self._call(self.server.lead, self)

    def lease_epoch(self) -> int | None:
        """As the protocol says."""
        return self._call(self.server.lease_epoch)

    def close(self) -> None:
        """As the protocol says."""
        self.server.release(self)

    def _call(self, procedure: Callable[..., T], *arguments: Any, **named: Any) -> T:
        call: Callable[[], T] = lambda: procedure(*arguments, **named)  # noqa: E731
        answer: T = self.deliver(self.server, procedure.__name__, call)
        return answer
