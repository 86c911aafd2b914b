"""The three nodes of this configuration: who connects to which of them, and with which timeout."""

from cluster.conf import Account, ClusterConf, conf
from cluster.nodes.connection import Connection, Endpoint
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName

TIMEOUT = 30.0
"""Seconds that one answer of a long piece of work may take."""


def endpoint(conf: ClusterConf, name: NodeName, account: Account, database: bool = True) -> Endpoint:
    """Return a node's address as one of the accounts."""
    address = conf.nodes[name]
    return Endpoint(
        name, address.host, address.port, address.database if database else "",
        account.user, account.password,
    )  # fmt: skip


def connect(name: NodeName, *, timeout: float = TIMEOUT, lock_wait: int = 2) -> MariaDBNode:
    """Return one node, as the cluster's account. It connects when it is first used."""
    settings = conf()
    place = endpoint(settings, name, settings.cluster)
    return MariaDBNode(Connection(place, timeout=timeout, lock_wait=lock_wait))


def connect_all(*, timeout: float = TIMEOUT, lock_wait: int = 2) -> dict[NodeName, MariaDBNode]:
    """Return all three nodes, each with a connection of its own."""
    return {name: connect(name, timeout=timeout, lock_wait=lock_wait) for name in NodeName}


def administrator(name: NodeName) -> Connection:
    """Return a connection as the admin account, for set-up alone. Raises Refused when none is configured."""
    settings = conf()
    if settings.admin is None:
        raise Refused(
            "Set-up needs an account that may create accounts: set CLUSTER_ADMIN_USER and "
            "CLUSTER_ADMIN_PASSWORD, or run it where they are set."
        )
    return Connection(endpoint(settings, name, settings.admin, database=False), timeout=TIMEOUT)
