"""Where each server believes the others to be: behind links that a test can cut, or where they really are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from cluster.conf import NodeAddress
from cluster.local import each
from cluster.local.scratch import revive
from cluster.nodes.schema.install import introduce_peers
from cluster.protocol.names import NodeName
from tests.harness.cluster import Cluster
from tests.harness.conditions import OPEN
from tests.harness.links import Links


@contextmanager
def introduced(cluster: Cluster, links: Links) -> Iterator[None]:
    """Let the nodes see each other through links of their own, which can be cut; afterwards directly again."""
    real = cluster.conf.nodes
    for name in NodeName:
        ports = links.ports(name)
        introduce(cluster, name, {n: replace(a, port=ports[n]) for n, a in real.items()})
    try:
        yield
    finally:
        each(cluster.servers.local.values(), revive)
        for name in NodeName:
            introduce(cluster, name, real)


@contextmanager
def linked(cluster: Cluster, place: str) -> Iterator[Links]:
    """Give links through which the nodes and a place reach each other; all are open at the end."""
    links = Links({name: node.port for name, node in cluster.servers.local.items()})
    links.ports(place)
    try:
        with introduced(cluster, links):
            yield links
            links.set(OPEN)
    finally:
        links.close()


def introduce(cluster: Cluster, name: NodeName, nodes: Mapping[NodeName, NodeAddress]) -> None:
    """Tell one node where the others are."""
    admin = cluster.servers.connect(name, "root")
    introduce_peers(admin, replace(cluster.conf, nodes=nodes))
    admin.close()
