"""The nodes as this process sees them: who takes writes, who answers, how far each is. Reading it asks no node.

Three threads renew it once a second while somebody uses it, at once when a write was refused or a connection
broke, and more often while somebody waits for a new primary.
"""

import threading
import time
from collections import deque

from cluster.backend.context import Position
from cluster.backend.errors import NoPrimary
from cluster.backend.poller import NodePoller, ProbeResult
from cluster.background import PerProcess
from cluster.conf import ClusterConf, conf
from cluster.nodes.cluster import connect
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

INTERVAL = 1.0
"""Seconds between two probes of a node."""
HURRY = 0.03
"""The same while somebody waits for a primary."""
IDLE = 15.0
"""Seconds without any use after which no node is probed any more."""
POLL_TIMEOUT = 1.0
SILENT = 3.0
"""Seconds without an answer after which a node is silent: one answer that came late, or not at all, is no proof."""
KEPT = 64
"""How many positions of the primary are remembered, one a second."""


class SharedView:
    """What the pollers of this process have seen."""

    def __init__(self, settings: ClusterConf) -> None:
        self.settings = settings
        self.stale_after = INTERVAL + settings.probe_timeout
        """Seconds after which the state of a node no longer counts: it has not answered since."""
        self._changed = threading.Condition()
        self._results: dict[NodeName, ProbeResult] = {}
        self._answered: dict[NodeName, float] = {}
        """When each node last answered a probe (its beginning), whatever became of other connections to it."""
        self._distrusted: dict[NodeName, float] = {}
        self._positions: deque[tuple[float, int]] = deque(maxlen=KEPT)
        self._last: NodeName | None = None
        self._waiting = 0
        self._began_at = self._used_at = time.monotonic()
        self._pollers = {
            name: NodePoller(connect(name, timeout=POLL_TIMEOUT), self._take, self._pause)
            for name in NodeName
        }
        for poller in self._pollers.values():
            poller.start()

    # What the pollers do

    def _take(self, result: ProbeResult) -> None:
        name = result.state.name if isinstance(result.state, NodeState) else result.state.node
        with self._changed:
            self._results[name] = result
            if isinstance(result.state, NodeState):
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
        """Return all nodes; what is too old or was disproved since counts as silence."""
        now = time.monotonic()
        return ClusterView({name: self._state(name, now) for name in NodeName})

    def _state(self, name: NodeName, now: float) -> NodeState | NodeUnreachable:
        result = self._results.get(name)
        if result is None:
            return NodeUnreachable(name, "it has not answered yet")
        if now - result.at > self.stale_after:
            return NodeUnreachable(name, f"it has not answered for {now - result.at:.1f} s")
        if result.at < self._distrusted.get(name, 0.0):
            return NodeUnreachable(name, "it refused a write or its connection broke")
        return result.state

    def ended(self) -> dict[NodeName, int]:
        """Return whose process was seen to end, each with the epoch of its lease (NodeUnreachable.ended)."""
        with self._changed:
            states = {name: result.state for name, result in self._results.items()}
        return {
            name: state.ended
            for name, state in states.items()
            if isinstance(state, NodeUnreachable) and state.ended is not None
        }

    # What readers and writers need

    def current(self) -> ClusterView:
        """Return the nodes as seen last. Waits only for first answers: of a new process, or of one that has slept."""
        now = time.monotonic()
        if now - self._used_at > IDLE:
            self._began_at = now
            self.renew()
        self._used_at = now
        with self._changed:
            if now < self._began_at + self.stale_after:
                self._changed.wait_for(self._informed, self._began_at + self.stale_after - now)
            return self._view()

    def _informed(self) -> bool:
        """Return whether the primary has answered since the pollers began, or every node."""
        fresh = [result for result in self._results.values() if result.at >= self._began_at]
        return self._view().primary is not None or len(fresh) == len(NodeName)

    def primary(self) -> NodeName:
        """Return the node that takes writes, or did last: its guard refuses with the reason. Raises NoPrimary."""
        found = self.current().primary
        if found is not None:
            return found.name
        if self._last is None:
            raise self.no_primary()
        return self._last

    def no_primary(self) -> NoPrimary:
        """Return the error that no node takes writes, with the reason."""
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
        """Return the node to read from by CLUSTER_READ_FROM, one with everything up to `seen`.

        While there is no primary: its last holder if that answers, else whoever has most. Raises NoPrimary.
        """
        view = self.current()
        primary = view.primary
        if primary is not None and self.settings.read_from == "replicas":
            return self._replica(view, primary, seen) or primary.name
        return self._home(view)

    def home(self) -> NodeName:
        """Return the primary; while there is none its last holder if that answers, else whoever has most.

        The guard of one that takes no writes refuses them with the reason. A primary that lost its word a moment ago
        is waited for until it was probed again. Raises NoPrimary.
        """
        view = self.current()
        if view.primary is None and self._last is not None:
            with self._changed:
                left = self._distrusted.get(self._last, 0.0) + self.settings.probe_timeout - time.monotonic()
                self._changed.wait_for(self._probed_again, max(left, 0))
                view = self._view()
        return self._home(view)

    def _probed_again(self) -> bool:
        """Return whether a node takes writes, or the last primary was probed since it was distrusted."""
        if self._view().primary is not None or self._last is None:
            return True
        return self._results[self._last].at >= self._distrusted.get(self._last, 0.0)

    def _home(self, view: ClusterView) -> NodeName:
        if view.primary is not None:
            return view.primary.name
        if self._last is not None and view.state(self._last) is not None:
            return self._last
        best = max(view.reachable, key=lambda n: (n.led, n.watermark.log_id, n.last_log_id), default=None)
        return best.name if best is not None else self.primary()

    def _replica(self, view: ClusterView, primary: NodeState, seen: Position | None) -> NodeName | None:
        """Return the replica that is furthest, if it has what the reader wrote and is fresh enough."""
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
        """Return the seconds since the primary stood where the node certainly stands, by this process's clock alone."""
        held = [at for at, log_id in self._positions if log_id <= node.watermark.log_id]
        return time.monotonic() - held[-1] if held else float("inf")

    def keep_awake(self) -> None:
        """Keep the pollers at work: somebody waits for an answer."""
        now = time.monotonic()
        asleep, self._used_at = now - self._used_at > IDLE, now
        if asleep:
            self.renew()

    def answers(self, name: NodeName) -> bool:
        """Return whether a node has answered within SILENT seconds."""
        return time.monotonic() - self._answered.get(name, 0.0) <= SILENT

    def is_replaced(self, name: NodeName) -> bool:
        """Return whether another node takes writes."""
        primary = self._view().primary
        return primary is not None and primary.name is not name

    def distrust(self, name: NodeName) -> None:
        """Discard what was seen of a node: it refused a write, or a connection to it broke."""
        with self._changed:
            self._distrusted[name] = time.monotonic()
        self.renew()

    def renew(self) -> None:
        """Probe every node now."""
        for poller in self._pollers.values():
            poller.wanted.set()

    def end(self) -> None:
        """Let the pollers end, without waiting for them."""
        for poller in self._pollers.values():
            poller.end()


_of_this_process = PerProcess(lambda: SharedView(conf()))


def shared() -> SharedView:
    """Return the view of this process."""
    return _of_this_process.get()


def primary_alias() -> str:
    """Return the alias of the node itself that takes writes. Raises NoPrimary when none was ever seen."""
    return shared().primary().value


def is_writable() -> bool:
    """Return whether a node takes writes, as this process saw it last: no page waits for a node that is silent."""
    return shared().current().primary is not None


def distrust(name: NodeName) -> None:
    """Discard what this process saw of a node, and probe again."""
    if (own := _of_this_process.existing()) is not None:
        own.distrust(name)


def forget() -> None:
    """End the view; the next one is made with the configuration of then."""
    if (own := _of_this_process.pop()) is not None:
        own.end()
