"""Quarantined entries: shown to the operator, and tried again once their cause is mended."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.actions.events import journal
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import quarantine
from cluster.nodes.repair.quarantine import QuarantinedEntry
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName


@dataclass(frozen=True, slots=True)
class NodeQuarantine:
    """What one node holds; error: why it could not be asked, None when it was."""

    node: NodeName
    entries: list[QuarantinedEntry]
    error: str | None = None


def listed(nodes: Sequence[MariaDBNode]) -> list[NodeQuarantine]:
    """Return the quarantined entries of each node. A node that does not answer says so."""
    found = []
    for node in nodes:
        try:
            found.append(NodeQuarantine(node.name, quarantine.quarantined(node.connection)))
        except (NodeUnreachable, NodeFailed) as error:
            found.append(NodeQuarantine(node.name, [], str(error)))
    return found


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry on one node did: records that were stored now, and those that still cannot be."""

    node: NodeName
    released: int
    held: int

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        if not self.released and not self.held:
            return f"Nothing is quarantined on {self.node.label}."
        if self.held:
            return (
                f"{self.node.label} stored {self.released} of {self.released + self.held} quarantined rows. "
                f"See quarantine list {self.node} for why the rest cannot be stored."
            )
        return f"{self.node.label} stored all {self.released} quarantined rows."


def retry(node: MariaDBNode) -> Retried:
    """Store what is quarantined on one node, where it can be stored by now.

    Raises NodeUnreachable, NodeFailed. May be repeated.
    """
    with journal.attempt("retry quarantined") as attempt:
        released, held = quarantine.retry(node.connection)
        done = Retried(node.name, released, held)
        attempt.succeeded(done.sentence, old="", new="", epoch=None)
    return done
