"""See the whole cluster once: all nodes at the same time, each within a deadline."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.protocol.node import Node
from cluster.protocol.view import ClusterView, NodeState

Nodes = Mapping[NodeName, Node]
"""The three nodes by name."""


def observe(nodes: Nodes) -> ClusterView:
    """Return the state of every node, or why it cannot be seen."""
    with ThreadPoolExecutor(len(nodes), "observe") as pool:
        seen = pool.map(state_or_error, nodes.values())
        return ClusterView(dict(zip(nodes, seen, strict=True)))


def state_or_error(node: Node) -> NodeState | NodeUnreachable:
    """Return the state of one node, or why it cannot be seen."""
    try:
        return node.state()
    except NodeUnreachable as error:
        return error
    except NodeFailed as error:
        return NodeUnreachable(node.name, str(error))
