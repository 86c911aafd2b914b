"""Bring what verify_consistency found wrong to what the primary holds; entries of the log to what two nodes
hold.

Everything goes through the protocol's own means. A follower's row is stored in the transaction of an append,
under the primary's epoch. A row of the primary that contradicts its own log is written into the log as a
normal transaction, so that the log and every node follow it. Nothing is dropped: an entry that no other node
has is kept as an orphaned transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from cluster.actions.events import journal
from cluster.actions.steps.orphans import file_orphaned_entries
from cluster.nodes.log import applying
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import repairing
from cluster.nodes.schema.shape import shape
from cluster.protocol.differences import Difference, Kind
from cluster.protocol.entries import EntryId
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState
from cluster.replicated import replicated_models

BATCH = 200
"""Rows or entries put right in one transaction."""

Nodes = Mapping[NodeName, MariaDBNode]


@dataclass
class Repair:
    """What was put right, and what was left as it is, in sentences."""

    rows: int = 0
    entries: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        return " ".join([f"Repaired {self.rows} rows and {self.entries} log entries.", *self.left])


def repair(nodes: Nodes, view: ClusterView, differences: Iterable[Difference]) -> Repair:
    """Put right what differs, entries of the log before rows. `differences` is gone through twice.

    Raises Refused when no node takes writes, StaleEpoch when another was promoted meanwhile.
    """
    primary = check(view)
    work = Repairing(nodes, primary, {state.name: state for state in view.reachable})
    with journal.attempt("repair") as attempt:
        for wanted in (True, False):
            for batch in batches(item for item in differences if item.in_log is wanted):
                work.put_right(batch)
        attempt.succeeded(work.result.sentence, old="different", new="repaired", epoch=primary.promised)
    return work.result


def check(view: ClusterView) -> NodeState:
    """Return the primary, whose rows are right. Raises Refused when there is none."""
    if view.primary is None:
        raise Refused(
            "Nothing was repaired: no node takes writes now, so it is not certain which rows are right. "
            f"{view.missing()}".strip()
        )
    return view.primary


def batches(differences: Iterable[Difference]) -> Iterator[list[Difference]]:
    """Neighbours of one table, node and kind, BATCH at a time."""
    for _, group in groupby(differences, key=lambda item: (item.table, item.node, item.kind)):
        while batch := list(islice(group, BATCH)):
            yield batch


class Repairing:
    """A repair under the authority of one primary."""

    def __init__(self, nodes: Nodes, primary: NodeState, states: Mapping[NodeName, NodeState]) -> None:
        self.nodes = nodes
        self.primary, self.epoch = nodes[primary.name], primary.promised
        self.joined = {name for name, state in states.items() if state.led == primary.led}
        self.shapes = {model._meta.db_table: shape(model) for model in replicated_models()}
        self.result = Repair()

    def put_right(self, batch: Sequence[Difference]) -> None:
        """Put right differences of one table, node and kind."""
        node = self.nodes[batch[0].node]
        if node.name not in self.joined:
            self.leave(f"{node.name.label} has not joined the present epoch; recover it first.")
        elif batch[0].in_log:
            self.result.entries += self.put_entries_right(node, batch[0].kind, [item.entry for item in batch])
        else:
            self.result.rows += self.put_rows_right(node, batch[0].table, [item.key for item in batch])

    def leave(self, sentence: str) -> None:
        """Say once why something stays as it is."""
        if sentence not in self.result.left:
            self.result.left.append(sentence)

    def put_rows_right(self, node: MariaDBNode, table: str, record_ids: Sequence[str]) -> int:
        """Rows of one table on one node; how many were changed."""
        if node.name is self.primary.name:
            return repairing.log_rows(self.primary.connection, self.shapes[table], record_ids)
        return repairing.bring_rows(
            self.primary.connection, node.connection, self.epoch, self.shapes[table], record_ids
        )

    def put_entries_right(self, node: MariaDBNode, kind: Kind, ids: Sequence[EntryId]) -> int:
        """Entries of one node's log; how many were changed."""
        if kind is Kind.EXTRA:
            return self.orphan(node, ids)
        entries = applying.by_id(self.holder(node).connection, ids)
        if entries:
            on_primary = node.name is self.primary.name
            repairing.replace_entries(node.connection, self.epoch, entries, rows=not on_primary)
        return len(entries)

    def orphan(self, node: MariaDBNode, ids: Sequence[EntryId]) -> int:
        """Take entries that no other node has out of a log and file them as orphans; how many there were."""
        held = [entry.id for entry in applying.by_id(node.connection, ids)]
        if held:
            node.orphan_entries(self.epoch, held)
            file_orphaned_entries(node, self.primary, self.epoch)
        return len(held)

    def holder(self, node: MariaDBNode) -> MariaDBNode:
        """Return a node whose version of an entry is the right one: the primary, or both others agree against it."""
        if node.name is not self.primary.name:
            return self.primary
        return next(self.nodes[name] for name in NodeName if name in self.joined and name is not node.name)
