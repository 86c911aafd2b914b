"""All rows of a database as they can be compared with those of another one in which the same was done."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.nodes.connection import Connection

TIMES = frozenset(
    {
        "action_time", "created", "created_at", "date_created", "date_done", "date_joined", "date_last_order",
        "date_placed", "date_submitted", "date_updated", "end_datetime", "finished_at",
        "first_published_at", "history_date", "last_login", "last_published_at", "last_updated",
        "latest_revision_created_at", "start_datetime", "started_at", "timestamp", "updated_at",
    }
)  # fmt: skip
"""Columns, and members of JSON, with the moment at which something was done."""
CHANCE = frozenset({"key", "password", "translation_key", "uuid"})
"""Columns, and members of JSON, with a UUID or a secret."""
UUID = re.compile(r"\b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b")
"""In other texts: the blocks of a page have such names."""
OF_CLUSTER = "cluster"
"""The app whose models one plain database does not have: no content types, no permissions."""

Row = Mapping[str, Any]
Tables = dict[str, list[str]]
"""Each table's rows as text, in order."""


def tables(connection: Connection) -> list[str]:
    """Return the tables of all apps, without those that the cluster has for itself."""
    found = connection.rows(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        " AND TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB' AND TABLE_NAME <> 'django_migrations' ORDER BY 1"
    )
    return [name for (name,) in found]


def rows(connection: Connection, names: Iterable[str]) -> Tables:
    """Each table's rows, in order, without what depends on the moment or on chance."""
    found = {name: all_rows(connection, name) for name in names}
    own = {row["id"] for row in found["django_content_type"] if row["app_label"] == OF_CLUSTER}
    found["django_content_type"] = [row for row in found["django_content_type"] if row["id"] not in own]
    found["auth_permission"] = [row for row in found["auth_permission"] if row["content_type_id"] not in own]
    return {name: sorted(json.dumps(row, default=repr) for row in found[name]) for name in found}


def all_rows(connection: Connection, name: str) -> list[Row]:
    """Return the rows of one table."""
    columns = [
        column
        for (column,) in connection.rows(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
            (name,),
        )
        if column not in TIMES | CHANCE
    ]
    listed = ", ".join(f"`{column}`" for column in columns)
    values = connection.rows(f"SELECT {listed} FROM `{name}`") if columns else ()
    return [{column: steady(value) for column, value in zip(columns, row, strict=True)} for row in values]


def steady(value: Any) -> Any:
    """Return the value, in JSON of any depth too, without what depends on the moment or on chance."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return steady(json.loads(value))
        except ValueError:
            pass
    if isinstance(value, str):
        return UUID.sub("UUID", value)
    if isinstance(value, dict):
        return {key: steady(one) for key, one in value.items() if key not in TIMES | CHANCE}
    if isinstance(value, list):
        return [steady(one) for one in value]
    return value


@dataclass
class Compared:
    """The rows of the cluster's primary and of one plain database, of every table."""

    cluster: Tables
    plain: Tables

    def differences(self) -> dict[str, tuple[list[str], list[str]]]:
        """By table, the rows of either that the other does not have."""
        names = self.cluster.keys() | self.plain.keys()
        found = {}
        for name in names:
            ours, others = (Counter(side.get(name, ["no such table"])) for side in (self.cluster, self.plain))
            if ours != others:
                found[name] = (list((ours - others).elements()), list((others - ours).elements()))
        return found
