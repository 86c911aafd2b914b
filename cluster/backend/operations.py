"""Statements that Django makes of a wish, where the MySQL backend's are not the cluster's."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.mysql import operations

BY_LETTERS = frozenset({"iexact", "icontains", "istartswith", "iendswith"})


class DatabaseOperations(operations.DatabaseOperations):
    """Empties tables by statements that are replicated."""

    connection: Any
    """A DatabaseWrapper of this backend."""

    def sql_flush(
        self, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        """Return what empties tables: DELETE, since no trigger sees TRUNCATE; generated keys go on counting."""
        resets = reset_sequences and self.connection.is_plain
        made: list[str] = super().sql_flush(
            style, tables, reset_sequences=resets, allow_cascade=allow_cascade
        )
        return made

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """Return what a lookup compares: of a UUID its text, for the server finds no letters in the type itself.

        `uuid LIKE '%8400-E29B%'` is false in the collation of the cluster's databases, and true in others (10.11).
        """
        if internal_type == "UUIDField" and lookup_type in BY_LETTERS:
            return "CAST(%s AS CHAR)"
        made: str = super().lookup_cast(lookup_type, internal_type)
        return made
