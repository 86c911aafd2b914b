"""The nodes as this process sees them: who takes writes, who answers, how far each is. Asking it costs a look-up.

Three threads renew it once a second while somebody uses it, at once when a write was refused or a connection
broke, and more often while somebody waits for a new primary.
"""

import os
import threading
import time
from collections import deque
from functools import lru_cache

from cluster.backend.context import Position
from cluster.backend.errors import NoPrimary
from cluster.backend.poller import NodePoller, ProbeResult
from cluster.conf import ClusterConf, conf
from cluster.nodes.cluster import connect
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

INTERVAL = 1.0
"""Seconds between two questions to a node."""
HURRY = 0.03
"""The same while somebody waits for a primary."""
IDLE = 15.0
"""Seconds without any use after which nobody is asked any more."""
POLL_TIMEOUT = 1.0
SILENT = 3.0
"""Seconds without an answer after which a node is silent: one answer that came late, or not at all, is no proof."""
KEPT = 64
"""How many positions of the primary are remembered, one a second."""


class SharedView:
    """What the pollers of this process have seen."""

    def __init__(self, settings: ClusterConf) -> None:
        self.settings = settings
        self.patience = INTERVAL + settings.probe_timeout
        """Seconds after which what a node said no longer counts: it has not answered since."""
        self._changed = threading.Condition()
        self._results: dict[NodeName, ProbeResult] = {}
        self._answered: dict[NodeName, float] = {}
        """When each node was last asked with success, whatever became of other connections to it."""
        self._distrusted: dict[NodeName, float] = {}
        self._positions: deque[tuple[float, int]] = deque(maxlen=KEPT)
        self._last: NodeName | None = None
        self._waiting = 0
        self._began_at = self._used_at = time.monotonic()
        self._pollers = {
            name: NodePoller(connect(name, timeout=POLL_TIMEOUT), self._saw, self._pause) for name in NodeName
        }
        for poller in self._pollers.values():
            poller.start()

    # What the pollers do

    def _saw(self, result: ProbeResult) -> None:
        name = result.seen.name if isinstance(result.seen, NodeState) else result.seen.node
        with self._changed:
            self._results[name] = result
            if isinstance(result.seen, NodeState):
                self._answered[name] = result.at
            primary = self._view().primary
            if primary is not None:
                self._last = primary.name
                if primary.name is name:
                    self._positions.append((result.at, primary.last_log_id))
            self._changed.notify_all()

    def _pause(self) -> float | None:
        if self._waiting:
            return HURRY
        return INTERVAL if time.monotonic() - self._used_at < IDLE else None

    def _view(self) -> ClusterView:
        """All nodes; what is too old or was disproved since counts as silence."""
        now = time.monotonic()
        return ClusterView({name: self._seen(name, now) for name in NodeName})

    def _seen(self, name: NodeName, now: float) -> NodeState | NodeUnreachable:
        result = self._results.get(name)
        if result is None:
            return NodeUnreachable(name, "it has not answered yet")
        if now - result.at > self.patience:
            return NodeUnreachable(name, f"it has not answered for {now - result.at:.1f} s")
        if result.at < self._distrusted.get(name, 0.0):
            return NodeUnreachable(name, "it refused a write or its connection broke")
        return result.seen

    def ended(self) -> dict[NodeName, int]:
        """The nodes whose process was seen to end, each with the epoch of its lease: see NodeUnreachable.ended."""
        with self._changed:
            seen = {name: result.seen for name, result in self._results.items()}
        return {
            name: said.ended
            for name, said in seen.items()
            if isinstance(said, NodeUnreachable) and said.ended is not None
        }

    # What everybody asks

    def current(self) -> ClusterView:
        """The nodes as seen last. Waits only for first answers: of a new process, or of one that has slept."""
        now = time.monotonic()
        if now - self._used_at > IDLE:
            self._began_at = now
            self.renew()
        self._used_at = now
        with self._changed:
            if now < self._began_at + self.patience:
                self._changed.wait_for(self._informed, self._began_at + self.patience - now)
            return self._view()

    def _informed(self) -> bool:
        """Whether the primary has answered since the pollers began, or every node."""
        fresh = [result for result in self._results.values() if result.at >= self._began_at]
        return self._view().primary is not None or len(fresh) == len(NodeName)

    def primary(self) -> NodeName:
        """The node that takes writes, or did last: its guard says why it does not. Raises NoPrimary."""
        found = self.current().primary
        if found is not None:
            return found.name
        if self._last is None:
            raise self.nobody()
        return self._last

    def nobody(self) -> NoPrimary:
        """Why nobody takes writes."""
        missing = self._view().missing()
        return NoPrimary(
            f"No node takes writes now. {missing} cluster_status says more; try again in a moment.".replace(
                ".  ", ". "
            ),
            self.settings.lease_seconds,
        )

    def await_primary(self, deadline: float) -> NodeState | None:
        """Wait until a node takes writes; None when none does at the deadline (monotonic seconds)."""
        self._used_at = time.monotonic()
        with self._changed:
            self._waiting += 1
            try:
                if self._view().primary is None:
                    self.renew()
                left = max(deadline - time.monotonic(), 0)
                self._changed.wait_for(lambda: self._view().primary is not None, left)
                return self._view().primary
            finally:
                self._waiting -= 1

    def reader(self, seen: Position | None) -> NodeName:
        """The node to read from, as CLUSTER_READ_FROM says, with everything up to `seen`.

        While there is no primary: its last holder if that answers, else whoever has most. Raises NoPrimary.
        """
        view = self.current()
        primary = view.primary
        if primary is not None and self.settings.read_from == "replicas":
            return self._replica(view, primary, seen) or primary.name
        if primary is not None:
            return primary.name
        if self._last is not None and view.state(self._last) is not None:
            return self._last
        best = max(view.reachable, key=lambda n: (n.led, n.watermark.log_id, n.last_log_id), default=None)
        return best.name if best is not None else self.primary()

    def _replica(self, view: ClusterView, primary: NodeState, seen: Position | None) -> NodeName | None:
        """The replica that is furthest, if it has what the reader wrote and is fresh enough."""
        fit = [
            node
            for node in view.reachable
            if node.name is not primary.name
            and node.led == primary.led
            and (seen is None or node.watermark.log_id >= seen.log_id)
            and self._behind(node) <= self.settings.read_staleness
        ]
        return max(fit, key=lambda node: node.watermark.log_id).name if fit else None

    def _behind(self, node: NodeState) -> float:
        """Seconds since the primary stood where the node certainly stands, by this process's clock alone."""
        held = [at for at, log_id in self._positions if log_id <= node.watermark.log_id]
        return time.monotonic() - held[-1] if held else float("inf")

    def keep_awake(self) -> None:
        """Let the pollers go on: somebody waits for an answer."""
        now = time.monotonic()
        asleep, self._used_at = now - self._used_at > IDLE, now
        if asleep:
            self.renew()

    def answers(self, name: NodeName) -> bool:
        """Whether a node has answered lately."""
        return time.monotonic() - self._answered.get(name, 0.0) <= SILENT

    def is_replaced(self, name: NodeName) -> bool:
        """Whether another node takes writes."""
        primary = self._view().primary
        return primary is not None and primary.name is not name

    def distrust(self, name: NodeName) -> None:
        """What was seen of a node is disproved: it refused a write, or a connection to it broke."""
        with self._changed:
            self._distrusted[name] = time.monotonic()
        self.renew()

    def renew(self) -> None:
        """Ask every node now."""
        for poller in self._pollers.values():
            poller.wanted.set()

    def end(self) -> None:
        """Let the pollers end; nobody waits for them."""
        for poller in self._pollers.values():
            poller.end()


@lru_cache(maxsize=1)
def _shared(process: int) -> SharedView:
    return SharedView(conf())


_lock = threading.Lock()


def shared() -> SharedView:
    """The view of this process; a forked process makes its own."""
    with _lock:
        return _shared(os.getpid())


def primary_alias() -> str:
    """The database alias of the node that takes writes. Raises NoPrimary when none was ever seen."""
    return shared().primary().value


def distrust(name: NodeName) -> None:
    """Look again: the node refused a write, or a connection to it broke."""
    if _shared.cache_info().currsize:
        shared().distrust(name)


def forget() -> None:
    """Begin anew, with the present configuration."""
    with _lock:
        if _shared.cache_info().currsize:
            _shared(os.getpid()).end()
        _shared.cache_clear()
