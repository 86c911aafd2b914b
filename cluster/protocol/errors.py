"""Errors of the cluster. The docstring of each class is its message; its fields fill the blanks."""

from typing import Final

from cluster.protocol.names import NodeName

# MYSQL_ERRNO of what a node refuses by itself; its SQL takes them from here.
NOT_WRITABLE: Final = 45001
"""This node takes no writes, or the verb is refused."""
STALE_EPOCH: Final = 45002
NOT_ACKNOWLEDGED: Final = 45003
INVALID: Final = 45004
"""An argument or an entry that cannot be taken."""


class ClusterError(Exception):
    """The cluster could not do what was asked."""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__((self.__doc__ or "").format(**facts))


class Refused(ClusterError):
    """{reason}"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class NodeUnreachable(ClusterError):
    """{label} does not answer: {reason}. See whether its server runs at that address, then try again."""

    def __init__(
        self,
        node: NodeName,
        reason: str,
        *,
        gone: bool = False,
        broke: bool = False,
        ended: int | None = None,
        full: bool = False,
    ) -> None:
        super().__init__(label=node.label, reason=reason)
        self.node = node
        self.reason = reason
        self.gone = gone
        """The connection was refused: nobody takes new ones there. Those that are open may live."""
        self.broke = broke
        """The connection ended instead of an answer: a server that has just died answers so, too."""
        self.ended = ended
        """The epoch of the lease that the node held when it closed an open connection and refused the next one:
        that process is dead, and its lease with it. None without such a connection."""
        self.full = full
        """It answered that it has no free connection: it lives, and serves who is connected."""


class NodeFailed(ClusterError):
    """{label} answered with an error: {reason}"""

    def __init__(self, node: NodeName, reason: str, code: int = 0) -> None:
        super().__init__(label=node.label, reason=reason)
        self.node = node
        self.reason = reason
        self.code = code


class StaleEpoch(ClusterError):
    """{label} refuses epoch {epoch}: {reason} cluster_status shows who leads."""

    def __init__(self, node: NodeName, epoch: int, reason: str) -> None:
        super().__init__(label=node.label, epoch=epoch, reason=reason)
        self.node = node


class ConsentRunning(ClusterError):
    """{label} has consented to a lease of epoch {epoch} for another {seconds:.1f} s; claim it after that."""

    def __init__(self, node: NodeName, epoch: int, seconds: float) -> None:
        super().__init__(label=node.label, epoch=epoch, seconds=seconds)
        self.node, self.epoch, self.seconds = node, epoch, seconds


class NoMajority(ClusterError):
    """Only {votes} of 3 nodes can be claimed; 2 are needed. {missing}"""

    def __init__(self, votes: int, missing: str) -> None:
        super().__init__(votes=votes, missing=missing)


class WritersBusy(ClusterError):
    """{label} has an open write transaction that did not end within {seconds:.0f} s. Nothing was changed; \
try again when it has ended."""

    def __init__(self, node: NodeName, seconds: float) -> None:
        super().__init__(label=node.label, seconds=seconds)
        self.node = node


class NotAcknowledged(ClusterError):
    """Transaction {transaction_id} is committed on {label}, but no second node confirmed it: the outcome \
is unknown. Look the transaction id up on the primary before you write again."""

    def __init__(self, node: NodeName, transaction_id: str) -> None:
        super().__init__(label=node.label, transaction_id=transaction_id)
        self.transaction_id = transaction_id
