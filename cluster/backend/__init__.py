"""Ordinary Django on three nodes: a database backend, a router, and writes that happen exactly once."""

from cluster.backend.errors import NoPrimary, NotAcknowledged, NotWritable
from cluster.backend.idempotency import transaction_id_for
from cluster.backend.retry import RetryRequests, retried
from cluster.backend.view import is_writable, primary_alias
from cluster.backend.writes import Written, call_once, write_once, writes_once
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName

__all__ = [
    "ClusterError",
    "NoPrimary",
    "NodeName",
    "NotAcknowledged",
    "NotWritable",
    "RetryRequests",
    "Written",
    "call_once",
    "is_writable",
    "primary_alias",
    "retried",
    "transaction_id_for",
    "write_once",
    "writes_once",
]
