"""Carry the primary's log to the other nodes, acknowledge what arrived, keep the lease alive.

One replicator works, any number may run: the one that leads is the one whose session holds a user lock on the
primary. It has no state of its own; whoever leads next goes on from what the nodes hold.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from cluster.actions.replication.acknowledge import Acknowledger
from cluster.actions.replication.feed import Feed, WhoWrites, may_join
from cluster.actions.replication.lag import REPORT_INTERVAL, LagReport
from cluster.actions.replication.news import News
from cluster.actions.replication.open_writers import OpenWriters
from cluster.actions.steps.lease import renew, revive
from cluster.actions.steps.observe import Nodes, observe
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import Prober
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.protocol.node import Node
from cluster.protocol.staleness import set_back
from cluster.protocol.view import NodeState

log = logging.getLogger(__name__)

PROMPT_PAUSE, EASY_PAUSE, IDLE_PAUSE = 0.0005, 0.005, 0.02
"""Seconds between two reads of the log after a write, for the node whose confirmation writers wait for and
for the other one, which takes larger batches and leaves the processor to the first; and without any write."""
REST_SECONDS = 0.25
"""Seconds that a feed whose node has everything waits for the watch to see a later entry before it reads itself."""
WATCH_INTERVAL = 0.02
"""Seconds between two checks whether the primary still is one, and where its log ends."""
SEARCH_INTERVAL, SEARCH_PAUSE, HOPEFUL = 0.005, 0.1, 2.0
"""Seconds between two searches for the primary: part of every switchover's pause, so often in the first HOPEFUL
seconds, and then not so often as to cost a processor while there is none."""
RETRY_INTERVAL = 1.0

WATCH_TIMEOUT = 1.0
"""Seconds that a call of a node may take: a silent node must not cost the primary its lease."""
WATCH_DEADLINE = 0.2
"""Seconds that the search for the primary waits for a silent node: the others have answered by then."""
RENEWAL_PAUSE = 0.02
"""Seconds at least between two renewals, so that a primary that is slow to commit is not asked without a pause."""
FEED_TIMEOUT = 10.0
"""Seconds that one batch may take."""

Connect = Callable[[NodeName, float], MariaDBNode]
"""Gives a node object with a connection of its own and the seconds that an answer may take."""


@dataclass(frozen=True)
class Term:
    """One primary while it is served, and what its feeds share.

    over: set when it is not served any more. installing: see Feed.
    """

    primary: NodeState
    over: threading.Event
    acknowledger: Acknowledger
    writers: WhoWrites
    news: News = field(default_factory=News)
    installing: threading.Lock = field(default_factory=threading.Lock)


class Replicator:
    """Works for whichever node is the primary until it is stopped. Survives every fault of a node."""

    def __init__(
        self,
        connect: Connect,
        *,
        lease_seconds: float,
        on_progress: Callable[[str], None] = log.info,
        alarm: Callable[[], object] = lambda: None,
    ) -> None:
        """alarm: is called in a thread of its own when the primary stops answering; it may act."""
        self.connect = connect
        self.lease_seconds = lease_seconds
        self.on_progress = on_progress
        self.alarm = alarm
        self.stopping = threading.Event()
        self._calling: threading.Thread | None = None

    def run(self) -> None:
        """Find a primary, serve it while it is one, find the next."""
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        prober = Prober(lambda name: self.connect(name, WATCH_TIMEOUT), WATCH_DEADLINE, beats=False)
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
                self.on_progress(f"{primary.name.label} is not served any more: {error}")
                self.call_for_help()
            searching = time.monotonic()
        prober.close()

    def find(self, nodes: Nodes, prober: Prober) -> NodeState | None:
        """Return the node that takes writes, its lease renewed where it had only run out."""
        view = prober.probe()
        return (prober.probe() if revive(nodes, view, self.lease_seconds) else view).primary

    def call_for_help(self) -> None:
        """Let the alarm act beside the search for the next primary; one call at a time."""
        if self._calling is None or not self._calling.is_alive():
            self._calling = threading.Thread(target=self.alarm, name="alarm", daemon=True)
            self._calling.start()

    def serve(self, nodes: Mapping[NodeName, MariaDBNode], primary: NodeState) -> None:
        """Feed the others from this primary until its lease is gone; wait while another replicator leads."""
        source = nodes[primary.name]
        if not source.lead():
            self.stopping.wait(RETRY_INTERVAL)
            return
        self.on_progress(f"Replicating from {primary.name.label} in epoch {primary.promised}.")
        over = threading.Event()
        acknowledger = Acknowledger(self.connect(primary.name, FEED_TIMEOUT))
        writers = OpenWriters(lambda: self.connect(primary.name, FEED_TIMEOUT), self.on_progress)
        term = Term(primary, over, acknowledger, writers)
        threads = [
            threading.Thread(
                target=self.feed,
                args=(term, name, pause),
                name=f"feed-{name}",
                daemon=True,
            )
            for name, pause in zip(primary.name.others, (PROMPT_PAUSE, EASY_PAUSE), strict=True)
        ]
        keepers = [
            threading.Thread(target=self.keep_lease, args=(primary, name, over), name="lease", daemon=True)
            for name in primary.name.others
        ]
        asker = threading.Thread(target=writers.run, args=(over,), name="open-writers", daemon=True)
        reporter = threading.Thread(target=self.report, args=(over,), name="report", daemon=True)
        for thread in [*threads, *keepers, asker, reporter]:
            thread.start()
        try:
            while not self.stopping.is_set():
                epoch, last_log_id = source.watched()
                if epoch != primary.promised:
                    break
                term.news.announce(last_log_id)
                self.stopping.wait(WATCH_INTERVAL)
        finally:
            over.set()
            acknowledger.close(timeout=WATCH_INTERVAL)

    def keep_lease(self, primary: NodeState, first: NodeName, over: threading.Event) -> None:
        """Renew the lease three times in its duration, as long as a second node consents.

        first: the voter who is asked first. One such thread for each voter: while one waits for a silent node,
        the other has the consent of the one that answers.
        """
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        source = nodes.pop(primary.name)
        voters = sorted(nodes.values(), key=lambda voter: voter.name is not first)
        while not over.is_set():
            began = time.monotonic()
            try:
                renew(source, voters, primary.promised, self.lease_seconds)
            except ClusterError as error:
                self.on_progress(f"The lease of {primary.name.label} was not renewed: {error}")
            # From begin to begin: on a busy machine the renewal itself takes its share of the lease.
            over.wait(max(self.lease_seconds / 3 - (time.monotonic() - began), RENEWAL_PAUSE))
        close([source, *voters])

    def report(self, over: threading.Event) -> None:
        """Say which follower does not keep up, and let every node see whether its tables are still logged."""
        nodes = {name: self.connect(name, WATCH_TIMEOUT) for name in NodeName}
        report = LagReport()
        while not over.wait(REPORT_INTERVAL):
            view = observe(nodes)
            for sentence in report.sentences(view, time.monotonic()):
                self.on_progress(sentence)
            for state in view.reachable:
                with suppress(ClusterError):  # the next round sees it too
                    nodes[state.name].inspect()
        close(nodes.values())

    def feed(self, term: Term, name: NodeName, pause: float) -> None:
        """Feed one node for as long as the primary is served, whatever happens to the node."""
        last = ""
        while not term.over.is_set():
            source = self.connect(term.primary.name, FEED_TIMEOUT)
            target = self.connect(name, FEED_TIMEOUT)
            try:
                feed = Feed(source, target, term.primary.promised, term.writers, installing=term.installing)
                self.carry_on(feed, pause, term)
            except ClusterError as error:
                if str(error) != last and not term.over.is_set():
                    self.on_progress(str(error))
                last = str(error)
            finally:
                close([source, target])
            term.over.wait(RETRY_INTERVAL)
        term.acknowledger.close()

    def carry_on(self, feed: Feed, least: float, term: Term) -> None:
        """Join the node, then carry batch after batch."""
        while not may_join(state := feed.target.state(), feed.epoch):
            if term.over.wait(RETRY_INTERVAL):
                return
        if older := set_back([feed.source.state(), state]).get(state.name):
            self.on_progress(f"{older} It has no vote until it has caught up.")
        feed.join(state)
        pause = least
        while not term.over.is_set():
            arrived = feed.carry()
            term.acknowledger.publish(arrived)
            term.acknowledger.publish(feed.carry_part())
            feed.settle(time.monotonic())
            term.acknowledger.sweep(time.monotonic())
            pause = least if arrived or feed.has_large else min(pause * 1.05, IDLE_PAUSE)
            if feed.rests and pause == IDLE_PAUSE:
                pause = least if term.news.wait(feed.gaps.cursor, REST_SECONDS) else pause
            else:
                term.over.wait(pause)


def close(nodes: Iterable[Node]) -> None:
    """Let the connections go."""
    for node in nodes:
        node.close()
