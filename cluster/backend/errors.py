"""The outcomes of a write besides "done": subclasses of Django's OperationalError, with the kernel's numbers."""

import math
from collections.abc import Callable
from typing import Final

from django.db import OperationalError

from cluster.protocol.errors import NOT_ACKNOWLEDGED, NOT_WRITABLE
from cluster.protocol.names import NodeName

DEADLOCK: Final = 1213
LOCK_WAIT: Final = 1205

Hook = Callable[[], None]


class ClusterOperationalError(OperationalError):
    """Reads as its sentence; `args` are number and sentence, as for any error of a server."""

    def __str__(self) -> str:
        return str(self.args[-1])  # somebody may have put a sentence of his own in their place: loaddata does


class NotWritable(ClusterOperationalError):
    """The node takes no writes now; nothing was written. Its own sentence says why and who does."""

    def __init__(self, sentence: str, node: NodeName | None = None) -> None:
        super().__init__(NOT_WRITABLE, sentence)
        self.node = node


class NotAcknowledged(ClusterOperationalError):
    """Committed on one node perhaps, or certainly, but no second node confirmed it: the outcome is unknown.

    hooks: what was to run on commit; it has not run.
    """

    def __init__(self, transaction_id: str, node: NodeName, reason: str) -> None:
        super().__init__(
            NOT_ACKNOWLEDGED,
            f"The outcome of transaction {transaction_id} on {node.label} is unknown: {reason}. Look the id up "
            "in transaction_log on the primary before you write again; write_once with this id does both.",
        )
        self.transaction_id, self.node = transaction_id, node
        self.hooks: list[Hook] = []


class StillRunning(Exception):
    """Another session runs the same transaction now."""


class NoPrimary(ClusterOperationalError):
    """No node took the write until the deadline; nothing was written.

    retry_after: seconds after which it makes sense to ask again, for HTTP's Retry-After.
    """

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(NOT_WRITABLE, reason)
        self.retry_after = max(1, math.ceil(retry_after))
