"""Orphaned transactions: what the cluster did not keep, filed on the primary for the operator to decide."""

import time

from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import Nodes
from cluster.actions.steps.reconcile import reconcile
from cluster.protocol.errors import Refused
from cluster.protocol.node import Node

LEASE_SECONDS = 10.0
"""How long filing takes up again after the primary's lease has run out under it."""
PAUSE = 0.1
FILING = 1500
"""Entries filed in one transaction, fewer where they are large: no more than one append brings to the others."""


def file_orphaned_entries(node: Node, primary: Node, epoch: int) -> int:
    """Bring the entries that were orphaned on `node` to the primary as orphaned transactions. Their number.

    A normal replicated write, acknowledged by `node` itself, which takes it from the primary's log before it
    forgets its own copy. Cut off in between, it is done again; the entry's identity is the row's key.
    """
    filed = 0
    while entries := node.orphaned(FILING):
        primary.file_orphans(node.name, entries)
        reconcile(node, primary, epoch)
        node.forget_orphaned_entries([entry.id for entry in entries])
        filed += len(entries)
    return filed


def file_under_lease(nodes: Nodes, node: Node, primary: Node, epoch: int, lease_seconds: float) -> int:
    """Do the same for an operator's verb. It may have outlasted the lease, and no replicator need be there to renew it.

    Raises Refused where the lease goes on running out, as on a primary that nobody hears.
    """
    deadline = time.monotonic() + LEASE_SECONDS
    while node.state().orphaned:
        observe_revived(nodes, lease_seconds)
        try:
            return file_orphaned_entries(node, primary, epoch)
        except Refused:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE)
    return 0
