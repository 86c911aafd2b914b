"""What a server holds of what set-up makes, read with one question a kind."""

import hashlib

from cluster.nodes.connection import Connection
from cluster.nodes.schema.catalogue import SqlObject
from cluster.nodes.schema.definitions import DEFINITION

Names = tuple[str, ...]


class Inventory:
    """The definitions that the server held when a kind was first asked for, and those of the last set-up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: dict[str, dict[Names, str]] = {}
        self._known: dict[tuple[str, str], tuple[str, str]] | None = None

    def checksum(self, item: SqlObject) -> str | None:
        """Return the checksum of the definition that the server holds, None when it holds none."""
        question = DEFINITION[item.kind]
        if not question.listed:
            return held_checksum(self._connection, item)
        if item.kind not in self._held:
            rows = self._connection.rows(question.all)
            self._held[item.kind] = {tuple(names): digest(definition) for *names, definition in rows}
        return self._held[item.kind].get(item.names)

    def remembered(self, item: SqlObject) -> tuple[str, str] | None:
        """Return the checksums of source and definition that set-up left behind."""
        if self._known is None:
            self._known = self._read_known() if held_checksum(self._connection, KERNEL_OBJECT) else {}
        return self._known.get((item.kind, item.name))

    def _read_known(self) -> dict[tuple[str, str], tuple[str, str]]:
        rows = self._connection.rows(
            "SELECT kind, name, source_checksum, installed_checksum FROM kernel_object"
        )
        return {(kind, name): (source, installed) for kind, name, source, installed in rows}


KERNEL_OBJECT = SqlObject("TABLE", "kernel_object", "")


def held_checksum(connection: Connection, item: SqlObject) -> str | None:
    """Return the checksum of one definition as the server holds it now, None when it holds none."""
    rows = connection.rows(DEFINITION[item.kind].one, item.names)
    return digest(rows[0][0]) if rows else None


def digest(definition: object) -> str:
    """Return the checksum of a definition."""
    return hashlib.sha256(str(definition).encode()).hexdigest()
