"""Statements that Django makes of a wish, where the MySQL backend's are not the cluster's."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.mysql import operations


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
