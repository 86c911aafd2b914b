"""Orphaned transactions: what the cluster did not keep, filed on the primary for the operator to decide."""

from cluster.actions.steps.reconcile import reconcile
from cluster.protocol.node import Node

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
