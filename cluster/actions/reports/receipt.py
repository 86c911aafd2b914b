"""Where a transaction has arrived, for whoever wants to see it: each node is asked, at the same time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cluster.nodes.cluster import connect_all
from cluster.nodes.log.records import Noted, noted
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName

ANSWER_SECONDS = 0.8
"""Seconds that a node has to answer."""


@dataclass(frozen=True)
class Arrival:
    """One node: whether it has the transaction, None when it does not answer."""

    label: str
    has: bool | None


@dataclass(frozen=True)
class Receipt:
    """A transaction: which nodes have it; who wrote it, in which epoch, as those say that have it."""

    transaction_id: str
    arrivals: tuple[Arrival, ...]
    noted: Noted | None

    @property
    def complete(self) -> bool:
        """Whether every node has it."""
        return all(arrival.has for arrival in self.arrivals)

    @property
    def writer(self) -> str:
        """What people call the node that wrote it."""
        source = self.noted.source if self.noted else ""
        return next((name.label for name in NodeName if name.source == source), source)


def receipt(transaction_id: str) -> Receipt:
    """Ask every node for the transaction, each within ANSWER_SECONDS."""

    def ask(node: MariaDBNode) -> Noted | NodeUnreachable | NodeFailed | None:
        try:
            return noted(node.connection, transaction_id)
        except (NodeUnreachable, NodeFailed) as error:
            return error
        finally:
            node.close()

    nodes = connect_all(timeout=ANSWER_SECONDS)
    with ThreadPoolExecutor(len(nodes), "receipt") as pool:
        answers = dict(zip(nodes, pool.map(ask, nodes.values()), strict=True))
    found = [answer for answer in answers.values() if isinstance(answer, Noted)]
    return Receipt(
        transaction_id,
        tuple(Arrival(name.label, has(answer)) for name, answer in answers.items()),
        max(found, key=lambda one: one.epoch, default=None),
    )


def has(answer: Noted | NodeUnreachable | NodeFailed | None) -> bool | None:
    """Return what an answer means: there, not there, or not known."""
    return None if isinstance(answer, Exception) else answer is not None
