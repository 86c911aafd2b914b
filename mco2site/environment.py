"""Reads the environment: `.env`, secrets from files, and ports inside URLs."""

import os
import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from cluster import databases

# Deadlines in seconds: a node that has fallen silent is waited for `read_timeout` at most, a statement on a node that
# works up to `statement_timeout`. An URL may name others: ?read_timeout=30&statement_timeout=7200.
NODE_OPTIONS = {
    "charset": "utf8mb4",
    "connect_timeout": 2,
    "read_timeout": 5,
    "statement_timeout": 3600,
    "write_timeout": 5,
    "isolation_level": "read committed",
}

SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}

GIVEN = dict(os.environ)
"""The environment as this process got it, before `.env` was read into it."""

env = environ.FileAwareEnv()


def text(name: str, default: str | None = None) -> str:
    """Return the variable without the line end that files have, or `default` when it is missing or empty.

    Raises ImproperlyConfigured when there is neither.
    """
    value = env.str(name, default="").strip() or default
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set: scripts/bootstrap.sh writes a .env that has it, "
            ".env.example says what it is."
        )
    return value


def url(name: str, default: str | None = None) -> str:
    """Return an URL in which each ${NAME} is replaced by that variable: a port is moved in one place."""
    return re.sub(r"\$\{(\w+)\}", lambda match: text(match[1]), text(name, default))


def node_database(name: str) -> dict[str, object]:
    """Return a Django database alias for a node's URL: MariaDB with a deadline on every wait."""
    try:
        config = databases.node_database(url(name))
    except ImproperlyConfigured as error:
        raise ImproperlyConfigured(f"{name} must be {databases.FORM}.") from error
    return config | {"OPTIONS": NODE_OPTIONS | config["OPTIONS"], "CONN_MAX_AGE": 60}


def control_database(name: str, var: Path) -> dict[str, Any]:
    """Return the control database: what the URL names (DATABASE_URL, as older versions have it), or SQLite in `var`."""
    given = url(name, "") or url("DATABASE_URL", "")
    # Its test database may be made without that of the cluster.
    apart: dict[str, object] = {"TEST": {"DEPENDENCIES": []}}
    if given:
        return {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, **apart, **env.db_url_config(given)}
    var.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": var / "control.sqlite3",
        "OPTIONS": SQLITE_OPTIONS,
        **apart,
    }
