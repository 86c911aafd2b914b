"""Django's settings and connections pointed at other servers for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import override_settings

from cluster.backend import view
from cluster.conf import CLUSTER_ALIAS, ClusterConf, conf


@contextmanager
def pointed(databases: Mapping[str, Mapping[str, Any]], **changed: object) -> Iterator[ClusterConf]:
    """Let the aliases be these databases, and the settings have these values; give the configuration of that.

    This thread gets connections of its own for the aliases and for the cluster's, and its earlier ones back: no
    connection is used on both sides.
    """
    names = {CLUSTER_ALIAS, *databases}
    before = {name: (dict(settings.DATABASES[name]), connections[name]) for name in names}
    forget()
    with override_settings(**changed):
        for name, database in databases.items():
            replace(name, database)
        try:
            for name in names:
                connections[name] = connections.create_connection(name)
            yield conf()
        finally:
            for name, (database, connection) in before.items():
                connections[name].close()
                replace(name, database)
                connections[name] = connection
            forget()
    conf.cache_clear()


def replace(name: str, database: Mapping[str, Any]) -> None:
    """Change what an alias is, for connections that are made from now on."""
    given = settings.DATABASES[name]
    given.clear()
    given.update(database)


def forget() -> None:
    """Let nothing know the nodes of a moment ago."""
    conf.cache_clear()
    view.forget()
