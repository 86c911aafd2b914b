"""Which node takes writes now, for a process that only wants to know where to connect."""

import threading
import time
from dataclasses import dataclass

from cluster.nodes.cluster import connect_all
from cluster.protocol.errors import NodeFailed, NodeUnreachable, Refused
from cluster.protocol.names import NodeName

FRESH_SECONDS = 1.0


@dataclass(slots=True)
class Known:
    """What this process last saw, and when (monotonic seconds)."""

    name: NodeName | None = None
    at: float = float("-inf")


_known = Known()
_lock = threading.Lock()


def primary_alias() -> str:
    """The database alias of the node that takes writes; looked up at most once a second.

    When no node does, the last one that did: its guard says why in words. Raises Refused when none was ever
    seen.
    """
    with _lock:
        if time.monotonic() - _known.at > FRESH_SECONDS:
            _known.name = find_primary() or _known.name
            _known.at = time.monotonic()
        if _known.name is None:
            raise Refused("No node takes writes now; see cluster_status for the reason.")
        return _known.name.value


def forget_primary() -> None:
    """Look again at the next question: a write was refused or a connection broke."""
    with _lock:
        _known.at = float("-inf")


def find_primary() -> NodeName | None:
    """The node that holds the lease of the highest epoch, None when none answers and holds one."""
    best: tuple[int, NodeName] | None = None
    for name, node in connect_all(timeout=1.0).items():
        try:
            epoch = node.lease_epoch()
        except (NodeUnreachable, NodeFailed):
            continue
        finally:
            node.close()
        if epoch is not None and (best is None or epoch > best[0]):
            best = (epoch, name)
    return best[1] if best else None
