"""The watch: probe every node, decide, act. Any number of watchers may run; of two that act, one wins.

Nothing here needs the control database or the broker.
"""

import contextvars
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from cluster.actions.events import journal
from cluster.actions.failover.demote import demote_node_a
from cluster.actions.failover.failover import take_over
from cluster.actions.failover.recover import recover
from cluster.actions.steps.lease import renew, voters
from cluster.actions.steps.observe import Nodes
from cluster.conf import ClusterConf, conf
from cluster.nodes.cluster import connect
from cluster.nodes.probing import Prober
from cluster.protocol.decide import Action, Decision, decide
from cluster.protocol.errors import ClusterError, StaleEpoch
from cluster.protocol.monitor_state import MonitorState, Reachability
from cluster.protocol.names import NodeName
from cluster.protocol.node import Node
from cluster.protocol.policy import Policy
from cluster.protocol.sentences import DEMOTED, PROMOTED
from cluster.protocol.view import ClusterView

log = logging.getLogger(__name__)

CERTAINTY_PAUSE = 0.05
"""Seconds until a node that refused or broke a connection is probed again: it costs nothing to ask."""
CERTAINTY_ROUNDS = 20
RESUME_PAUSE = 0.25
"""Seconds after which a primary without a lease is probed again: a switchover has handed over by then."""
ACT_TIMEOUT = 5.0
"""Seconds that one call of a promotion may take."""
HAND_BACK_SECONDS = 30.0
"""Seconds that Main may take nearly to catch up before it gets the writes back."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One round of the watch: what was decided on what it knew, and what came of it.

    outcome: a sentence, empty when there was nothing to do. failed: the action was tried and did not succeed.
    """

    monitor_state: MonitorState
    decision: Decision
    outcome: str = ""
    failed: bool = False

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return f"{self.decision.sentence} {self.outcome}".strip()


@dataclass
class Memory:
    """What a watcher remembers of its earlier probes."""

    failures: Counter[NodeName] = field(default_factory=Counter)
    answers: Counter[NodeName] = field(default_factory=Counter)
    since: dict[NodeName, float] = field(default_factory=dict)

    def note(self, view: ClusterView, now: float) -> None:
        """Count who answered and who did not."""
        for name in NodeName:
            if view.state(name) is None:
                self.since.setdefault(name, now)
                self.failures[name] += 1
                self.answers[name] = 0
            else:
                self.since.pop(name, None)
                self.failures[name] = 0
                self.answers[name] += 1


class PeerProber(Protocol):
    """Sees all nodes. `cluster.nodes.probing.Prober` probes real servers; its methods are documented there."""

    @property
    def seconds(self) -> Mapping[NodeName, float | None]:
        """How long each node took to answer the last probe."""

    def probe(self) -> ClusterView:
        """Probe all nodes at once."""

    def request_reachability(self, suspect: NodeName) -> None:
        """Let the others probe a node."""

    def reachability(
        self, observers: Collection[NodeName], suspect: NodeName, ask: bool
    ) -> Mapping[NodeName, Reachability]:
        """Ask each of `observers` how it sees the suspect."""

    def wait(self, seconds: float) -> None:
        """Rest until it is time to probe again."""

    def close(self) -> None:
        """Let the connections go."""


Witness = Callable[[], Mapping[NodeName, int]]
"""The nodes whose process was seen to end over a connection that somebody else held: see NodeUnreachable.ended."""


def no_witness() -> Mapping[NodeName, int]:
    """Return no reports: nobody else has seen anything."""
    return {}


class Watch:
    """One watcher. Its memory counts failures in a row, so a process keeps the same one."""

    def __init__(
        self,
        prober: PeerProber,
        connect: Callable[[NodeName, float], Node],
        policy: Policy,
        *,
        lease_seconds: float,
        witness: Witness = no_witness,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """witness: what else this process knows of ended nodes. sleep: lets seconds pass. clock: seconds since 1970."""
        self.sleep, self.clock = sleep, clock
        self.witness = witness
        self.prober = prober
        self.connect = connect
        self.policy = policy
        self.lease_seconds = lease_seconds
        self.memory = Memory()
        self._recovery: threading.Thread | None = None
        self._noted = ""

    @classmethod
    def of_this_process(cls) -> "Watch":
        """Return the watcher of this process, made when it is first asked for; a forked process makes its own."""
        return _watch(os.getpid())

    @classmethod
    def configured(cls, settings: ClusterConf, witness: Witness = no_witness) -> "Watch":
        """Return a new watcher with the policy of the settings."""
        return cls(
            Prober(lambda name: connect(name, timeout=settings.probe_timeout), probe_deadline(settings)),
            lambda name, timeout: connect(name, timeout=timeout),
            policy(settings),
            lease_seconds=settings.lease_seconds,
            witness=witness,
        )

    def tick(self) -> Tick:
        """Probe, decide, act. Raises nothing that the cluster can bring about."""
        monitor_state, decision = self.decide()
        for _ in range(CERTAINTY_ROUNDS):
            if decision.action is not Action.WAIT or not answers_at_once(monitor_state):
                break
            self.sleep(CERTAINTY_PAUSE)
            monitor_state, decision = self.decide()
        if decision.action is Action.RESUME:
            self.sleep(RESUME_PAUSE)
            monitor_state, decision = self.decide()
        self.note(decision)
        try:
            return Tick(monitor_state, decision, self.act(monitor_state, decision))
        except StaleEpoch as error:
            return Tick(monitor_state, decision, f"Somebody else was quicker: {error}")
        except ClusterError as error:
            return Tick(monitor_state, decision, f"It did not succeed: {error}", failed=True)

    def note(self, decision: Decision) -> None:
        """Keep in the journal what was decided, when it is not what was decided before."""
        kind = journal.Kind.ALARM if decision.alarm else journal.Kind.DECISION
        event = journal.EventRecord(kind, journal.WATCH, decision.sentence)
        if event.key != self._noted:
            self._noted = event.key
            journal.record(event)

    def decide(self) -> tuple[MonitorState, Decision]:
        """Probe all nodes once; return what follows from it."""
        suspects = [name for name in NodeName if self.memory.failures[name]]
        for suspect in suspects:
            self.prober.request_reachability(suspect)
        view, now = self.prober.probe(), self.clock()
        for name, epoch in self.witness().items():
            if (error := view.error(name)) is not None:
                error.ended = max(error.ended or 0, epoch)
        self.memory.note(view, now)
        monitor_state = MonitorState(
            view,
            now,
            failures=dict(self.memory.failures),
            answers=dict(self.memory.answers),
            since=dict(self.memory.since),
            reachability=self.reachability(view, asked=suspects),
        )
        return monitor_state, decide(monitor_state, self.policy)

    def reachability(self, view: ClusterView, asked: list[NodeName]) -> Mapping[NodeName, Reachability]:
        """Ask the other nodes how they see a last primary that has failed; it takes their word to call it dead."""
        last = view.last_primary
        if last is None or self.memory.failures[last] < self.policy.threshold:
            return {}
        return self.prober.reachability([state.name for state in view.reachable], last, ask=last not in asked)

    def act(self, monitor_state: MonitorState, decision: Decision) -> str:
        """Do what was decided; what came of it. Raises ClusterError."""
        if decision.action in (Action.NOTHING, Action.WAIT) or decision.target is None:
            return ""
        if decision.action is Action.RECOVER:
            return self.begin_recovery(decision.target)
        nodes = {name: self.connect(name, ACT_TIMEOUT) for name in NodeName}
        try:
            return self.act_on(nodes, monitor_state, decision, decision.target)
        finally:
            for node in nodes.values():
                node.close()

    def act_on(self, nodes: Nodes, monitor_state: MonitorState, decision: Decision, target: NodeName) -> str:
        """Change who takes writes. Raises ClusterError."""
        view = monitor_state.view
        if decision.action is Action.RENEW:
            seen = [node for node in voters(nodes, view, target) if view.state(node.name)]
            renew(nodes[target], seen, view.epoch, self.lease_seconds)
            return "It is renewed."
        if decision.action is Action.HAND_BACK:
            demote_node_a(
                nodes,
                reason=decision.sentence,
                lease_seconds=self.lease_seconds,
                timeout=HAND_BACK_SECONDS,
            )
            return DEMOTED
        done = take_over(
            nodes,
            view,
            target,
            reason=decision.sentence,
            lease_seconds=self.lease_seconds,
            gone=decision.gone,
            automatic=decision.action is Action.FAIL_OVER,
            since=monitor_state.missed_since,
        )
        if target is NodeName.NODE_A and decision.action is Action.FAIL_OVER:
            return PROMOTED
        return f"{target.label} takes writes in epoch {done.epoch}."

    def begin_recovery(self, name: NodeName) -> str:
        """Recover a node beside the watch: it may take long, and watching goes on."""
        if self._recovery is not None and self._recovery.is_alive():
            return "Its recovery is under way."
        context = contextvars.copy_context()  # the thread acts for whoever this one acts for
        self._recovery = threading.Thread(
            target=context.run, args=(self.recover, name), name="recovery", daemon=True
        )
        self._recovery.start()
        return "Its recovery has begun."

    def recover(self, name: NodeName) -> None:
        """Recover a node; what came of it goes to the log."""
        nodes = {node: self.connect(node, ACT_TIMEOUT) for node in NodeName}
        try:
            done = recover(nodes, name, lease_seconds=self.lease_seconds, on_progress=log.info)
            log.info("%s", done.sentence)
        except ClusterError as error:
            log.warning("%s was not recovered: %s", name.label, error)
        finally:
            for node in nodes.values():
                node.close()

    def wait(self, seconds: float) -> None:
        """Rest until the next tick is due, or until a server may have died."""
        self.prober.wait(seconds)

    def close(self) -> None:
        """Let all connections go."""
        self.prober.close()


def answers_at_once(monitor_state: MonitorState) -> bool:
    """Return whether the last primary refuses or breaks connections, so that another probe costs no time."""
    last = monitor_state.view.last_primary
    error = monitor_state.view.error(last) if last else None
    return error is not None and (error.gone or error.broke)


def policy(settings: ClusterConf) -> Policy:
    """Return the rules of the watch in the settings."""
    return Policy(
        threshold=settings.failure_threshold,
        cooldown=settings.cooldown,
        automatic=settings.automatic,
        failback=settings.failback == "automatic",
    )


def probe_deadline(settings: ClusterConf) -> float:
    """Return the seconds that a probe may take: the next one is not to wait for it."""
    return min(settings.probe_timeout, settings.probe_interval)


@cache
def _watch(process: int) -> Watch:
    return Watch.configured(conf())
