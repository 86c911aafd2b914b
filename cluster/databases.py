"""DATABASES of a site on the cluster, from the URLs of its nodes. For settings: imports nothing that reads them."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from cluster.protocol.names import NodeName

ENGINE = "cluster.backend"
FORM = "mysql://user:password@host:port/database"


def cluster_databases(
    main: str, node_a: str, node_b: str, *, control: str | Path
) -> dict[str, dict[str, Any]]:
    """Return the five aliases.

    main, node_a, node_b: `mysql://user:password@host:port/database`, with OPTIONS behind a question mark.
    control: the SQLite file of the cluster's own database. Raises ImproperlyConfigured.
    """
    nodes = dict(zip((name.value for name in NodeName), (main, node_a, node_b), strict=True))
    return {name: node_database(url) for name, url in nodes.items()} | {
        "default": {"ENGINE": ENGINE},
        "control": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": control,
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            "TEST": {"DEPENDENCIES": []},  # it may be made without that of the cluster
        },
    }


def node_database(url: str) -> dict[str, Any]:
    """Return the alias of one node. Raises ImproperlyConfigured."""
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "mysql" or not parts.hostname or not parts.username or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"The URL of a node must be {FORM}.")
    return {
        "ENGINE": ENGINE,
        "HOST": parts.hostname,
        "PORT": port,
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": {key: option(value) for key, value in parse_qsl(parts.query)},
    }


def option(value: str) -> str | int | float:
    """Return a number where the text is one."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
