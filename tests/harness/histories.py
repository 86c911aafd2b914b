"""What may happen to a cluster, one small step at a time, in any order; and how every history has to end."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster.actions.lease import renew
from cluster.actions.observe import observe
from cluster.actions.orphans import file_stranded
from cluster.actions.promote import promote
from cluster.actions.reconcile import reconcile
from cluster.actions.recover import recover
from cluster.actions.replicate import Acknowledger, Feed, may_join
from cluster.actions.resume import resume_primary
from cluster.actions.switchover import switchover
from cluster.protocol.entries import Entry, EntryId, Record, newest_by_record
from cluster.protocol.errors import ClusterError, NotAcknowledged, Refused
from cluster.protocol.names import Mode, NodeName
from tests.harness.fake import ORPHANED, OpenWrite, Server, orphan_image, orphan_record
from tests.harness.ledger import Violation
from tests.harness.world import Body, Coordinator, World

LEASE = 3.0
"""Seconds of a lease."""
MAIN, NODE_A, NODE_B = NodeName
CANDIDATES = (MAIN, NODE_A)
PLACES = ("c1", "c2", "w1", "w2")
"""Where coordinators and writers run: each has links of its own."""
MODES = (None, Mode.RECOVERING)
ATTEMPTS = 3
"""Promotions within which a majority gets a primary."""

# Coordinators


def promoting(name: NodeName, excuse: bool = False) -> Body:
    """Promote a node; with `excuse` as the watcher does it, who sees whether the last primary is gone."""

    def body(c: Coordinator) -> None:
        epoch = excused_epoch(c) if excuse else None
        others = [node for node in c.nodes.values() if node.name is not name]
        promote(
            c.nodes[name], others, reason="test", lease_seconds=LEASE, excused_epoch=epoch
        )

    return body


def excused_epoch(c: Coordinator) -> int | None:
    """The epoch of the last primary when its process is gone."""
    view = observe(c.nodes)
    error = view.error(view.last_primary) if view.last_primary else None
    return view.epoch if error and error.gone else None


def resuming(c: Coordinator) -> None:
    """Give the last primary its lease again."""
    resume_primary(c.nodes, reason="test", lease_seconds=LEASE)


def recovering(name: NodeName) -> Body:
    """Recover a node."""

    def body(c: Coordinator) -> None:
        recover(c.nodes, name, say=lambda _sentence: None)

    return body


def switching(to: NodeName) -> Body:
    """Switch over to a node."""

    def body(c: Coordinator) -> None:
        switchover(c.nodes, to, reason="test", lease_seconds=LEASE)

    return body


def feeding(name: NodeName, rounds: int) -> Body:
    """A replicator's feed of one node: join it, carry and acknowledge so many batches."""

    def body(c: Coordinator) -> None:
        primary = observe(c.nodes).primary
        if primary is None or primary.name is name:
            raise Refused("nothing to carry")
        feed = Feed(c.nodes[primary.name], c.nodes[name], primary.promised)
        if not may_join(feed.target.state(), feed.epoch):
            raise Refused("not Main")
        feed.join()
        told = Acknowledger()
        for _ in range(rounds):
            told.tell(feed.source, feed.carry())
            feed.settle(c.world.now)

    return body


def renewing(c: Coordinator) -> None:
    """Extend the lease of whoever seems to be the primary."""
    primary = observe(c.nodes).primary
    if primary is None:
        raise Refused("no primary")
    voters = [node for node in c.nodes.values() if node.name is not primary.name]
    renew(c.nodes[primary.name], voters, primary.promised, LEASE)


def closing(name: NodeName, mode: Mode | None) -> Body:
    """Change the mode of a node."""

    def body(c: Coordinator) -> None:
        c.nodes[name].close_writes(mode)

    return body


# Writers


@dataclass(frozen=True)
class Plan:
    """A write: its id, the rows it writes (None deletes), where it is pushed, in this order."""

    transaction_id: str
    changes: Sequence[tuple[Record, str | None]]
    push_to: Sequence[NodeName] = ()


def writing(plan: Plan) -> Body:
    """Write on whichever node takes writes, then push until a second node holds it. Raises NotAcknowledged.

    As a retry it finds out first whether the write is in the log already.
    """

    def body(c: Coordinator) -> None:
        server = c.deliver_to_primary()
        write = c.begin(server, plan.transaction_id)
        for record, value in plan.changes if write else ():
            c.change(server, write, record, value)
        entries = c.commit(server, write) if write else server.holds(plan.transaction_id)
        push(c, server, plan, entries)

    return body
