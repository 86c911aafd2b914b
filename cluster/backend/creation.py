"""Test databases of the cluster's alias: an ordinary database on one server, without guard, log and second node."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.mysql import creation

from cluster.conf import conf
from cluster.protocol.names import NodeName

CREATED = "CREATED"
"""Marks, in the TEST of an alias, that its test database is there; every thread of the process sees it."""
PLACE = ("HOST", "PORT", "NAME", "USER", "PASSWORD")


def place(node: NodeName) -> dict[str, Any]:
    """Return what the settings of a node's alias say of where it is."""
    given = connections.settings[node.value]
    return {key: given[key] for key in PLACE}


def is_test_database(settings_dict: dict[str, Any]) -> bool:
    """Return whether an alias of the cluster stands for its test database now."""
    return bool((settings_dict.get("TEST") or {}).get(CREATED))


class DatabaseCreation(creation.DatabaseCreation):
    """Makes the test database of the cluster's alias on Main's server, as the account of set-up."""

    connection: Any
    """A DatabaseWrapper of this backend."""
    before: dict[str, Any] | None = None
    """Where the alias was before this one pointed it at one server; a copy of its connection finds that done."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        """Let the alias stand for one server, and make the database there. Raises ImproperlyConfigured."""
        if not self.connection.follows_primary:
            raise ImproperlyConfigured(
                f"Tests have no database of their own on {self.connection.alias}: leave it out of `databases`, as in "
                '{"default", "control"}. In a class with `cluster = True` every node may be used without being named.'
            )
        if not is_test_database(self.connection.settings_dict):
            self.use_one_server()
        name: str = super().create_test_db(*args, **kwargs)
        return name

    def use_one_server(self) -> None:
        """Point the alias at Main's server, until the test database is destroyed."""
        account = conf().admin
        if account is None:
            raise ImproperlyConfigured(
                "A test database needs an account that may create databases: set CLUSTER_ADMIN_USER and "
                "CLUSTER_ADMIN_PASSWORD."
            )
        given = settings.DATABASES[self.connection.alias]
        self.before = {key: given.get(key, "") for key in PLACE}
        given.update(place(NodeName.MAIN) | {"USER": account.user, "PASSWORD": account.password})
        given["TEST"] = (given.get("TEST") or {}) | {CREATED: True}
        self.connection.close()
        self.connection.settings_dict = given

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        """Destroy the database; the alias is the cluster again."""
        super().destroy_test_db(*args, **kwargs)
        suffix = kwargs.get("suffix")
        if self.before is not None and suffix is None:  # a clone leaves the database itself
            given = settings.DATABASES[self.connection.alias]
            given["TEST"].pop(CREATED, None)
            given.update(self.before)
            self.before = None
            self.connection.close()
