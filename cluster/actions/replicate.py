"""Carry the primary's log to the other nodes, acknowledge what arrived, keep the lease alive.

One replicator works, any number may run: the one that leads is the one whose session holds a user lock on the
primary. It has no state of its own; whoever leads next goes on from what the nodes hold.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cluster.actions.lag import LOOK_INTERVAL, LagReport
from cluster.actions.lease import renew, revive
from cluster.actions.observe import Nodes, observe
from cluster.actions.orphans import file_stranded
from cluster.actions.reconcile import reconcile
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import Prober
from cluster.protocol.entries import last_log_ids
from cluster.protocol.errors import ClusterError, StaleEpoch
from cluster.protocol.gaps import Gaps
from cluster.protocol.names import NodeName
from cluster.protocol.node import Node
from cluster.protocol.view import NodeState

log = logging.getLogger(__name__)

BATCH = 2000
"""Entries of one append."""
PROMPT_PAUSE, EASY_PAUSE, IDLE_PAUSE = 0.0005, 0.005, 0.02
"""Seconds between two looks at the log after a write, for the node whose confirmation writers wait for and
for the other one, which takes larger batches and leaves the processor to the first; and without any write."""
GAP_INTERVAL = 0.15
"""Seconds between two questions who is still writing; no more often than the server renews its answer."""
VERIFY_INTERVAL = 1.0
WATCH_INTERVAL = 0.02
"""Seconds between two looks whether the primary still is one."""
SEARCH_INTERVAL, SEARCH_PAUSE, HOPEFUL = 0.005, 0.1, 2.0
"""Seconds between two looks who the primary is: part of every switchover's pause, so often in the first HOPEFUL
seconds, and then not so often as to cost a processor while there is none."""
RETRY_INTERVAL = 1.0

WATCH_TIMEOUT = 1.0
"""Seconds that a call of a node may take: a silent node must not cost the primary its lease."""
WATCH_PATIENCE = 0.2
"""Seconds that the search for the primary waits for a silent node: the others have answered by then."""
FEED_TIMEOUT = 10.0
"""Seconds that one batch may take."""

Connect = Callable[[NodeName, float], MariaDBNode]
"""Gives a node object with a connection of its own and the seconds that an answer may take."""


@dataclass
class Feed:
    """The primary's log on its way to one other node.

    Begins with a reconcile where the node has not seen the epoch begin, then goes on entry by entry; a
    transaction that commits late is found again by the gap that it left.
    """

    source: Node
    target: Node
    epoch: int
    gaps: Gaps = field(init=False)
    complete: bool = False
    asked_at: float = 0.0
    verified_at: float = 0.0

    def join(self, state: NodeState) -> None:
        """Make the target a follower, if it is none yet, and begin at its verified floor."""
        if state.led != self.epoch or state.stranded or state.mode is not state.name.following_mode:
            state = self.bring_in()
        self.gaps = Gaps(cursor=state.verified.log_id)

    def bring_in(self) -> NodeState:
        """Bring the target level and into the mode of a follower; file what was stranded on it."""
        reconcile(self.target, self.source, self.epoch)
        file_stranded(self.target, self.source, self.epoch)
        state = self.target.state()
        if state.mode is not state.name.following_mode:
            self.target.close_writes(state.name.following_mode, self.epoch)
        return state

    def carry(self) -> dict[str, int]:
        """One batch. The transactions that the target holds now and may not have held before: last log ids by id."""
        window = self.source.read_entries(self.gaps.cursor, self.gaps.ranges, BATCH)
        if newer := [entry.epoch for entry in window.entries if entry.epoch > self.epoch]:
            # What a follower holds of a newer epoch is not complete: the boundary rule.
            raise StaleEpoch(self.source.name, self.epoch, f"it follows the primary of epoch {newer[0]}.")
        if window.entries:
            self.target.append(self.epoch, window.entries, boundary=False)
        self.gaps.saw([entry.log_id for entry in window.entries], window.upto)
        self.complete = window.complete
        return last_log_ids(window.entries)

    def settle(self, now: float) -> None:
        """Now and then: close gaps that nobody can fill any more, raise the verified floor."""
        # Only a complete read proves a gap: an incomplete one leaves transactions out that end beyond it.
        if self.gaps.ranges and self.complete and now - self.asked_at >= GAP_INTERVAL:
            self.gaps.ask(self.source.writing_transactions())
            self.asked_at = now
        if now - self.verified_at >= VERIFY_INTERVAL:
            self.target.verify(self.gaps.floor)
            self.source.verify(self.gaps.floor)
            if self.source.name is NodeName.MAIN:
                self.target.heard_from_main()
            self.verified_at = now


class Acknowledger:
    """Tells waiting writers what arrived, once for each transaction, whichever node confirmed it first.

    All feeds tell through one session of the primary: it alone holds the gate at which the writers sleep.
    """

    KEPT = 10_000
    FORGET_AFTER = 30.0

    def __init__(self, primary: Node) -> None:
        self.primary = primary
        self._lock = threading.Lock()
        self._told: dict[str, int] = {}
        self._swept_at = 0.0
        self._closed = False

    def tell(self, arrived: Mapping[str, int]) -> None:
        """Publish those that were not yet told and wake the writers. Last log ids by transaction id."""
        with self._lock:
            fresh = {item: log_id for item, log_id in arrived.items() if log_id > self._told.get(item, 0)}
            if not fresh or self._closed:
                return
            self.primary.acknowledge(fresh)
            self._told |= fresh
            while len(self._told) > self.KEPT:
                del self._told[next(iter(self._told))]

    def sweep(self, now: float) -> None:
        """Now and then drop acknowledgements whose writers have long gone."""
        with self._lock:
            if now - self._swept_at >= VERIFY_INTERVAL and not self._closed:
                self.primary.forget_acknowledgements(self.FORGET_AFTER)
                self._swept_at = now

    def close(self, patience: float = -1) -> None:
        """Let the gate go with the session: writers that still wait look for themselves then.

        patience: seconds to wait for a feed that tells just now; without end unless given.
        """
        self._closed = True
        if self._lock.acquire(timeout=patience):
            self.primary.close()
            self._lock.release()


class Replicator:
    """Works for whichever node is the primary until it is stopped. Survives every fault of a node."""

    def __init__(
        self,
        connect: Connect,
        *,
        lease_seconds: float,
        say: Callable[[str], None] = log.info,
        alarm: Callable[[], object] = lambda: None,
    ) -> None:
        """alarm: is called in a thread of its own when the primary stops answering; it may act."""
        self.connect = connect
        self.lease_seconds = lease_seconds
        self.say = say
        self.alarm = alarm
        self.stopping = threading.Event()
        self._calling: threading.Thread | None = None

    def run(self) -> None:
        """Look for a primary, serve it while it is one, look again."""
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        prober = Prober(lambda name: self.connect(name, WATCH_TIMEOUT), WATCH_PATIENCE, beats=False)
        searching = time.monotonic()
        while not self.stopping.is_set():
            primary = self.find(nodes, prober)
            if primary is None:
                hopeful = time.monotonic() - searching < HOPEFUL
                self.stopping.wait(SEARCH_INTERVAL if hopeful else SEARCH_PAUSE)
                continue
            try:
                self.serve(nodes, primary)
            except ClusterError as error:
                self.say(f"{primary.name.label} is not served any more: {error}")
                self.call_for_help()
            searching = time.monotonic()
        prober.close()

    def find(self, nodes: Nodes, prober: Prober) -> NodeState | None:
        """The node that takes writes, its lease renewed where it had only run out."""
        view = prober.probe()
        return (prober.probe() if revive(nodes, view, self.lease_seconds) else view).primary

    def call_for_help(self) -> None:
        """Let the alarm act beside the search for the next primary; one call at a time."""
        if self._calling is None or not self._calling.is_alive():
            self._calling = threading.Thread(target=self.alarm, name="alarm", daemon=True)
            self._calling.start()

    def serve(self, nodes: Nodes, primary: NodeState) -> None:
        """Feed the others from this primary until its lease is gone; wait while another replicator leads."""
        source = nodes[primary.name]
        if not source.lead():
            self.stopping.wait(RETRY_INTERVAL)
            return
        self.say(f"Replicating from {primary.name.label} in epoch {primary.promised}.")
        over = threading.Event()
        told = Acknowledger(self.connect(primary.name, FEED_TIMEOUT))
        threads = [
            threading.Thread(
                target=self.feed, args=(primary, name, pause, over, told), name=f"feed-{name}", daemon=True
            )
            for name, pause in zip(primary.name.others, (PROMPT_PAUSE, EASY_PAUSE), strict=True)
        ]
        keepers = [
            threading.Thread(target=self.keep_lease, args=(primary, name, over), name="lease", daemon=True)
            for name in primary.name.others
        ]
        reporter = threading.Thread(target=self.report_lag, args=(over,), name="lag", daemon=True)
        for thread in [*threads, *keepers, reporter]:
            thread.start()
        try:
            while not self.stopping.is_set() and source.lease_epoch() == primary.promised:
                self.stopping.wait(WATCH_INTERVAL)
        finally:
            over.set()
            told.close(patience=WATCH_INTERVAL)

    def keep_lease(self, primary: NodeState, first: NodeName, over: threading.Event) -> None:
        """Renew the lease three times in its duration, as long as a second node consents.

        first: the voter who is asked first. One such thread for each voter: while one waits for a silent node,
        the other has the consent of the one that answers.
        """
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        source = nodes.pop(primary.name)
        voters = sorted(nodes.values(), key=lambda voter: voter.name is not first)
        while not over.is_set():
            try:
                renew(source, voters, primary.promised, self.lease_seconds)
            except ClusterError as error:
                self.say(f"The lease of {primary.name.label} was not renewed: {error}")
            over.wait(self.lease_seconds / 3)
        close([source, *voters])

    def report_lag(self, over: threading.Event) -> None:
        """Say which follower does not keep up."""
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        report = LagReport()
        while not over.wait(LOOK_INTERVAL):
            for sentence in report.sentences(observe(nodes), time.monotonic()):
                self.say(sentence)
        close(nodes.values())

    def feed(
        self, primary: NodeState, name: NodeName, pause: float, over: threading.Event, told: Acknowledger
    ) -> None:
        """Feed one node for as long as the primary is served, whatever happens to the node."""
        last = ""
        while not over.is_set():
            source = self.connect(primary.name, FEED_TIMEOUT)
            target = self.connect(name, FEED_TIMEOUT)
            try:
                self.carry_on(Feed(source, target, primary.promised), pause, over, told)
            except ClusterError as error:
                if str(error) != last and not over.is_set():
                    self.say(str(error))
                last = str(error)
            finally:
                close([source, target])
            over.wait(RETRY_INTERVAL)
        told.close()

    def carry_on(self, feed: Feed, least: float, over: threading.Event, told: Acknowledger) -> None:
        """Join the node, then carry batch after batch."""
        while not may_join(state := feed.target.state(), feed.epoch):
            if over.wait(RETRY_INTERVAL):
                return
        feed.join(state)
        pause = least
        while not over.is_set():
            arrived = feed.carry()
            told.tell(arrived)
            feed.settle(time.monotonic())
            told.sweep(time.monotonic())
            pause = least if arrived else min(pause * 1.05, IDLE_PAUSE)
            over.wait(pause)


def may_join(state: NodeState, epoch: int) -> bool:
    """Main comes back by recover_main alone: an operator or a policy decides when. The others join.

    Not those that are new or lost their data: they come back by rebuild_node, which sees to their promises.
    """
    if state.blank or state.withdrawn:
        return False
    return state.name is not NodeName.MAIN or state.led == epoch


def close(nodes: Iterable[Node]) -> None:
    """Let the connections go."""
    for node in nodes:
        node.close()
