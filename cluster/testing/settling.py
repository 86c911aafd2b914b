"""Waiting until all nodes hold the same."""

import time
from collections.abc import Mapping

from cluster.actions.steps.observe import observe
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName

POLL = 0.02
"""Seconds between two checks of a wait that has a deadline."""
LOG_PRINT = "SELECT COUNT(*), COALESCE(SUM(log_id), 0), COALESCE(MAX(epoch), 0) FROM transaction_log"


def logs(nodes: Mapping[NodeName, MariaDBNode]) -> dict[NodeName, tuple[int, int, int]]:
    """Return size, ids and newest epoch of the log of each node that answers."""
    found: dict[NodeName, tuple[int, int, int]] = {}
    for name, node in nodes.items():
        try:
            found[name] = node.connection.row(LOG_PRINT)
        except NodeUnreachable:
            continue
    return found


def settle(nodes: Mapping[NodeName, MariaDBNode], timeout: float) -> NodeName:
    """Wait until all live nodes hold the primary's log; return the primary. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while True:
        found = set(logs(nodes).values())
        # To ask for the states costs ten times as much. While writes go on, the logs are equal for a moment only.
        primary = observe(nodes).primary if len(found) == 1 else None
        if primary is not None and {epoch for _, _, epoch in found} == {primary.led}:
            return primary.name
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not caught up after {timeout} s: primary {primary}, logs {found}.")
        time.sleep(POLL)
