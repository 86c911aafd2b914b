"""The names of nodes and modes: the words of the protocol."""

from enum import StrEnum


class NodeName(StrEnum):
    """A node's name. It is a name, not a role: any of `main` and `node_a` may be the primary."""

    MAIN = "main"
    NODE_A = "node_a"
    NODE_B = "node_b"

    @property
    def label(self) -> str:
        """How sentences call the node."""
        return {"main": "Main", "node_a": "Node A", "node_b": "Node B"}[self.value]

    @property
    def others(self) -> "list[NodeName]":
        """The other nodes; the one that is to take over next comes first."""
        return [name for name in NodeName if name is not self]

    @property
    def writing_mode(self) -> "Mode | None":
        """The mode in which the node takes writes; None for the replica, which is a vote only."""
        return {NodeName.MAIN: Mode.PRIMARY, NodeName.NODE_A: Mode.ACTING_MASTER}.get(self)

    @property
    def following_mode(self) -> "Mode":
        """The mode in which the node follows a primary without lag."""
        return {
            NodeName.MAIN: Mode.RECOVERING,
            NodeName.NODE_A: Mode.VICE,
            NodeName.NODE_B: Mode.REPLICA,
        }[self]

    @property
    def source(self) -> str:
        """`source_node` of the entries that the node writes as primary."""
        return {"main": "MAIN", "node_a": "NODE_A_ACTING", "node_b": "NODE_B"}[self.value]

    @property
    def promotion_source(self) -> str:
        """`source_node` of the PROMOTION entry with which the node's epoch begins."""
        return {
            "main": "MAIN_PROMOTION",
            "node_a": "NODE_A_PROMOTION",
            "node_b": "NODE_B_PROMOTION",
        }[self.value]


class Mode(StrEnum):
    """`node_mode` in `node_config`."""

    PRIMARY = "PRIMARY"
    ACTING_MASTER = "ACTING_MASTER"
    VICE = "VICE"
    REPLICA = "REPLICA"
    RECOVERING = "RECOVERING"

    @property
    def takes_writes(self) -> bool:
        """Whether a node in this mode takes writes while it holds a lease."""
        return self in (Mode.PRIMARY, Mode.ACTING_MASTER)


class Solo(StrEnum):
    """Whether a primary may take writes although no second node consents."""

    NEVER = "never"
    WHEN_GONE = "when_gone"
    """When both others refuse connections (CLUSTER_DURABILITY=local)."""
    WHEN_SILENT = "when_silent"
    """When both others do not answer: an operator has forced it to be the primary, and none has joined it since."""


MAJORITY = 2
"""Votes of three that a claim, a consent or an acknowledgement needs."""
