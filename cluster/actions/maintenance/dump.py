"""Dump one node to a file, whatever the others do."""

from dataclasses import dataclass
from pathlib import Path

from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import dumping
from cluster.protocol.errors import Refused


@dataclass(frozen=True, slots=True)
class Dumped:
    """What was written: how many tables, bytes, and where."""

    tables: int
    size: int
    file: str

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        return f"Dumped {self.tables} tables ({self.size:,} bytes) to {self.file}. Any MariaDB restores it."


def dump(node: MariaDBNode, to: Path) -> Dumped:
    """Dump a node as of one moment, while writes go on. Raises Refused, NodeUnreachable, NodeFailed."""
    tables = dumping.kept_tables(node.connection)
    if not tables:
        raise Refused(f"{node.name.label} holds no tables yet: run setup_nodes first.")
    try:
        dumping.dump(node.connection.endpoint, tables, to)
    except OSError as error:
        raise Refused(
            f"Nothing was dumped: {error}. {dumping.PROGRAM} comes with the MariaDB client."
        ) from error
    return Dumped(len(tables), to.stat().st_size, str(to))
