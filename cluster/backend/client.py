"""`manage.py dbshell`: the client of the node that takes writes."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.mysql import client


class DatabaseClient(client.DatabaseClient):
    """Starts MariaDB's client; of the cluster's alias on the primary of this moment, where it stays."""

    connection: Any
    """A DatabaseWrapper of this backend."""

    def runshell(self, parameters: Iterable[str]) -> None:
        """Find the node, and run the client there. Raises NoPrimary."""
        if self.connection.may_move():
            self.connection.follow_primary()
        super().runshell(parameters)
