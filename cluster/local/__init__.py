"""Private MariaDB servers on this machine, for the local stack and for tests.

They share nothing with the system's MariaDB service but its programs: own data, own ports on
127.0.0.1.
"""

from cluster.local.errors import LocalNodeError
from cluster.local.group import each, local_nodes, scratch_nodes
from cluster.local.node import LocalNode, NodeState, NodeStatus
from cluster.local.ports import free_ports

__all__ = [
    "LocalNode",
    "LocalNodeError",
    "NodeState",
    "NodeStatus",
    "each",
    "free_ports",
    "local_nodes",
    "scratch_nodes",
]
