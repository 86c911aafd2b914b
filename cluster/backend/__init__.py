"""Ordinary Django on three nodes: a database backend, a router, and writes that happen exactly once."""

from cluster.backend.errors import NoPrimary, NotAcknowledged, NotWritable
from cluster.backend.idempotency import transaction_id_for
from cluster.backend.writes import Written, call_once, write_once, writes_once

__all__ = [
    "NoPrimary",
    "NotAcknowledged",
    "NotWritable",
    "Written",
    "call_once",
    "transaction_id_for",
    "write_once",
    "writes_once",
]
