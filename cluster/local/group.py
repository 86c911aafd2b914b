"""The three private servers together."""

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from cluster.conf import Account, ClusterConf, NodeAddress
from cluster.local.errors import LocalNodeError
from cluster.local.node import LocalNode
from cluster.local.ports import LOOPBACK, free_ports
from cluster.protocol.names import NodeName

Result = TypeVar("Result")

SCRATCH_DATABASES = {
    NodeName.MAIN: "stadvdb-mco2",
    NodeName.NODE_A: "stadvdb-mco2-a",
    NodeName.NODE_B: "stadvdb-mco2-b",
}


def local_nodes(conf: ClusterConf, var: Path, buffer_pool: str) -> dict[NodeName, LocalNode]:
    """Return the servers of the local stack, with their files under `var/nodes`. Raises LocalNodeError."""
    if conf.admin is None:
        raise LocalNodeError("CLUSTER_ADMIN_USER is not set: private nodes need an administrator's account.")
    return {
        name: LocalNode(
            name=name,
            port=_own_port(name, address),
            directory=var / "nodes" / name,
            database=address.database,
            admin=conf.admin,
            templates=var / "template",
            buffer_pool=buffer_pool,
        )
        for name, address in conf.nodes.items()
    }


def _own_port(name: NodeName, address: NodeAddress) -> int:
    if address.host not in (LOOPBACK, "localhost"):
        raise LocalNodeError(
            f"{name.label} is at {address.host}, not on this machine: local_nodes runs private nodes only."
        )
    return address.port


def scratch_nodes(directory: Path, templates: Path, buffer_pool: str = "64M") -> dict[NodeName, LocalNode]:
    """Three started servers on free ports, with all their files in `directory`.

    The administrator's password is random. Whoever calls this ends them with
    `each(nodes.values(), LocalNode.kill)`.
    """
    admin = Account("mco2_admin", secrets.token_hex(16))
    ports = free_ports(len(NodeName))
    nodes = {
        name: LocalNode(name, port, directory / name, SCRATCH_DATABASES[name], admin, templates, buffer_pool)
        for name, port in zip(NodeName, ports, strict=True)
    }
    each(nodes.values(), LocalNode.init)
    each(nodes.values(), LocalNode.start)
    return nodes


def each(nodes: Iterable[LocalNode], verb: Callable[[LocalNode], Result]) -> list[Result]:
    """Do the same with all nodes at once, and wait for all. Raises the first error after that."""
    with ThreadPoolExecutor(max_workers=len(NodeName)) as pool:
        return [done.result() for done in [pool.submit(verb, node) for node in nodes]]
