"""The newest transactions and which nodes have them, read from the nodes' logs beside the watch."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cluster.actions.reports.status import pending_orphans
from cluster.nodes.cluster import connect
from cluster.nodes.log.reading import Recent
from cluster.nodes.log.records import arrived
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView

log = logging.getLogger(__name__)

RECENT: Final = 12
"""Transactions that are shown."""
ASK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Newest:
    """recent: facts of transactions, newest first, each with the nodes that have it. orphans: those that wait."""

    recent: tuple[dict[str, object], ...] = ()
    orphans: int | None = None


class NewestReader:
    """Keeps a connection to each node that answers."""

    def __init__(self) -> None:
        self._nodes: dict[NodeName, MariaDBNode] = {}

    def node(self, name: NodeName) -> MariaDBNode:
        """Return the node, over this reader's own connection."""
        if name not in self._nodes:
            self._nodes[name] = connect(name, timeout=ASK_SECONDS)
        return self._nodes[name]

    def read(self, view: ClusterView) -> Newest:
        """Ask the log that leads, then the others: whatever was acknowledged before is on a second one by then."""
        reference = view.reference
        if reference is None:
            return Newest()
        node = self.node(reference.name)
        try:
            recent = node.recent(RECENT)
        except ClusterError as error:
            log.debug("%s", error)
            return Newest()
        ids = [entry.transaction_id for entry in recent]
        others = [state.name for state in view.reachable if state.name is not reference.name]
        has = {reference.name: frozenset(ids)} | {name: self.arrived(name, ids) for name in others}
        return Newest(tuple(self.transaction_facts(entry, has) for entry in recent), pending_orphans(node))

    def arrived(self, name: NodeName, ids: Sequence[str]) -> frozenset[str] | None:
        """Return which of these transactions a node has; None when it does not answer at once."""
        try:
            return arrived(self.node(name).connection, ids)
        except ClusterError as error:
            log.debug("%s", error)
            return None

    @staticmethod
    def transaction_facts(entry: Recent, has: dict[NodeName, frozenset[str] | None]) -> dict[str, object]:
        """Return a transaction's facts; `has` by node, None where it is not known."""
        known = {
            name.value: None if (ids := has.get(name)) is None else entry.transaction_id in ids
            for name in NodeName
        }
        return entry._asdict() | {"has": known}
