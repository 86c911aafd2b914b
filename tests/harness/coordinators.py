"""Bodies for the coordinators of a fake world: the verbs as their callers use them, and writers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cluster.actions.failover.check_health import Tick, Watch
from cluster.actions.failover.failover import probe_reachability, promote_node_a, reachability, resume_primary
from cluster.actions.failover.promote import promote
from cluster.actions.failover.recover import recover
from cluster.actions.failover.switchover import switchover
from cluster.actions.replication.feed import Feed, may_join
from cluster.actions.steps.lease import observe_revived, renew
from cluster.actions.steps.observe import observe
from cluster.protocol.entries import Entry, Record
from cluster.protocol.errors import ClusterError, NotAcknowledged, Refused
from cluster.protocol.monitor_state import Reachability, is_gone
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.node import Node
from cluster.protocol.policy import Policy
from cluster.protocol.view import ClusterView
from tests.harness.fake_disk import OpenWrite
from tests.harness.fake_server import Server
from tests.harness.world import Body, Coordinator

LEASE = 3.0
"""Seconds of a lease."""


def promoting(
    name: NodeName, *, waive: bool = False, vouched: int | None = None, forced: bool = False
) -> Body:
    """Promote a node, whoever takes writes; with `waive` after a look whether the last primary is gone.

    vouched: the epoch whose primary is gone by the word of an operator. forced: an operator vouches for the rest.
    """

    def body(c: Coordinator) -> None:
        waived = epoch_of_the_gone(c) if waive else vouched
        others = [node for node in c.nodes.values() if node.name is not name]
        promote(
            c.nodes[name],
            others,
            reason="test",
            lease_seconds=LEASE,
            waived_consent_epoch=waived,
            forced=forced,
        )

    return body


def epoch_of_the_gone(c: Coordinator) -> int | None:
    """Return the newest epoch, when everybody finds its primary gone."""
    view = observe(c.nodes)
    return view.epoch if is_gone(view, reachability(c.nodes, view)) else None


def failing_over(c: Coordinator) -> None:
    """Promote Node A because nobody takes writes."""
    promote_node_a(c.nodes, reason="test", lease_seconds=LEASE)


def resuming(c: Coordinator) -> None:
    """Give the last primary its lease again."""
    resume_primary(c.nodes, reason="test", lease_seconds=LEASE)


def recovering(name: NodeName) -> Body:
    """Recover a node."""

    def body(c: Coordinator) -> None:
        recover(c.nodes, name, lease_seconds=LEASE, on_progress=lambda _sentence: None)

    return body


def switching(to: NodeName) -> Body:
    """Switch over to a node."""

    def body(c: Coordinator) -> None:
        switchover(c.nodes, to, reason="test", lease_seconds=LEASE)

    return body


class WritersOf:
    """Tells who is writing on a node when the answer is fetched."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def ask(self) -> int:
        """Return the number of the only question."""
        return 1

    def answer(self, number: int) -> frozenset[int]:
        """Return the transactions that are open now."""
        return self.node.writing_transactions()


def feeding(name: NodeName, rounds: int) -> Body:
    """Return a replicator's feed of one node: join it, then carry and acknowledge so many batches."""

    def body(c: Coordinator) -> None:
        primary = observe(c.nodes).primary
        if primary is None or primary.name is name:
            raise Refused("There is nothing to carry.")
        source = c.nodes[primary.name]
        feed = Feed(source, c.nodes[name], primary.promised, WritersOf(source))
        if not may_join(feed.target.state(), feed.epoch):
            raise Refused("Main waits for recover_main.")
        feed.join(feed.target.state())
        for _ in range(rounds):
            feed.source.acknowledge(feed.carry())
            feed.source.acknowledge(feed.carry_part())
            feed.settle(c.world.now)

    return body


def renewing(c: Coordinator) -> None:
    """Extend the lease of the primary, or bring back the one that ran out."""
    primary = observe_revived(c.nodes, LEASE).primary
    if primary is None:
        raise Refused("There is no primary.")
    voters = [node for node in c.nodes.values() if node.name is not primary.name]
    renew(c.nodes[primary.name], voters, primary.promised, LEASE)


class WorldProber:
    """Sees the nodes as one coordinator reaches them."""

    def __init__(self, c: Coordinator) -> None:
        self.nodes = c.nodes
        self.seconds: dict[NodeName, float | None] = {}

    def probe(self) -> ClusterView:
        """All nodes, one after the other."""
        return observe(self.nodes)

    def request_reachability(self, suspect: NodeName) -> None:
        """They are asked when they are wanted."""

    def reachability(
        self, observers: Collection[NodeName], suspect: NodeName, ask: bool
    ) -> dict[NodeName, Reachability]:
        """How each of `observers` sees the suspect."""
        return {name: probe_reachability(self.nodes[name], suspect) for name in observers}

    def wait(self, seconds: float) -> None:
        """Time is the world's."""

    def close(self) -> None:
        """Nothing is open."""


def watching(c: Coordinator) -> Tick:
    """One round of the watch, which takes one failed probe for a failure. Raises Refused when it did not succeed."""
    watch = Watch(
        WorldProber(c),
        lambda name, _timeout: c.nodes[name],
        Policy(threshold=1, cooldown=0.0),
        lease_seconds=LEASE,
        sleep=c.sleep,
        clock=lambda: c.world.now,
    )
    done = watch.tick()
    if done.failed:
        raise Refused(done.outcome)
    return done


def closing(name: NodeName, mode: Mode | None) -> Body:
    """Change the mode of a node."""

    def body(c: Coordinator) -> None:
        c.nodes[name].close_writes(mode)

    return body


@dataclass(frozen=True)
class Plan:
    """A write: its id, the rows it writes (None deletes), the nodes that it is pushed to, in this order."""

    transaction_id: str
    changes: Sequence[tuple[Record, str | None]]
    push_to: Sequence[NodeName] = ()


def writing(plan: Plan) -> Body:
    """Write on the node that takes writes, push until a second node holds it. Raises NotAcknowledged.

    What is in the log already is not written again: so it may be the retry of a write with the same id.
    """

    def body(c: Coordinator) -> None:
        server = taking_writes(c)
        write = c.deliver(server, "begin", lambda: begin(c, server, plan))
        for record, value in plan.changes if write else ():
            c.deliver(server, "change", lambda r=record, v=value: server.change(write, r, v))
        if write:
            push(c, server, plan, c.deliver(server, "commit", lambda: server.commit(write)))
        elif not c.deliver(server, "await", lambda: server.await_acknowledgement(plan.transaction_id)):
            push(c, server, plan, server.holds(plan.transaction_id))

    return body


def taking_writes(c: Coordinator) -> Server:
    """Return the first node that holds a lease. Raises Refused."""
    for node in c.nodes.values():
        try:
            if node.lease_epoch() is not None:
                return node.server
        except ClusterError:
            continue
    raise Refused("No node takes writes now.")


def begin(c: Coordinator, server: Server, plan: Plan) -> OpenWrite | None:
    """Begin a write in the coordinator's session; None when the log has it already."""
    if any(write.transaction_id == plan.transaction_id for write in server.open.values()):
        raise Refused("The same write is still running.")
    if server.holds(plan.transaction_id):
        return None
    write = server.begin(plan.transaction_id)
    c.writes.append((server, write))
    return write


def push(c: Coordinator, server: Server, plan: Plan, entries: Sequence[Entry]) -> None:
    """Have one other node hold the transaction. Raises NotAcknowledged."""
    for name in plan.push_to:
        if entries and name is not server.name:
            try:
                c.nodes[name].append(entries[0].epoch, entries, boundary=False)
            except ClusterError:
                continue
            return c.world.ledger.told(server, entries)
    raise NotAcknowledged(server.name, plan.transaction_id)
