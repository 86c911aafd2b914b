"""The tables and indexes of the replicated models, in the words of Django's schema editor. No server is asked."""

import re
from collections.abc import Sequence
from typing import Any, cast

from django.db import connections
from django.db.backends.mysql.base import DatabaseWrapper
from django.db.backends.mysql.schema import DatabaseSchemaEditor
from django.db.models import Model

from cluster.nodes.expected_server import EXPECTED_SERVER
from cluster.nodes.schema import catalogue
from cluster.nodes.schema.catalogue import SqlObject
from cluster.nodes.schema.script import literal
from cluster.protocol.names import NodeName

INDEX = re.compile(r"CREATE (?:UNIQUE |FULLTEXT )?INDEX `(\w+)`")


class SchemaWriter(DatabaseSchemaEditor):
    """Writes statements down and needs no server for the values in them."""

    making = False

    def create_model(self, model: type[Model]) -> None:
        """Write down one table. Django would add those of its many-to-many fields, which are models of their own."""
        if not self.making:
            self.making = True
            super().create_model(model)
            self.making = False

    def quote_value(self, value: object) -> str:
        """Return a default, as SQL writes it."""
        return literal(value)

    def _field_should_be_indexed(self, model: type[Model], field: Any) -> bool:
        """As Django's, which asks the server for the engine: in InnoDB a foreign key brings an index of its own."""
        if field.get_internal_type() == "ForeignKey" and field.db_constraint:
            return False
        own: Any = self
        every: Any = super(DatabaseSchemaEditor, self)
        indexed: bool = every._field_should_be_indexed(model, field) and not own._is_limited_data_type(field)
        return indexed


def model_tables(node: NodeName, models: Sequence[type[Model]]) -> list[SqlObject]:
    """Return the tables of the models.

    What a table needs afterwards (foreign keys) belongs to its statement, separated by NEXT.
    """
    made, deferred = schema(node, models)
    result = []
    for name, sql in made:
        own = [line for line in deferred if line.startswith(f"ALTER TABLE `{name}` ")]
        result.append(SqlObject("TABLE", name, catalogue.NEXT.join(s.rstrip(";") for s in [*sql, *own])))
    return result


def model_indexes(node: NodeName, models: Sequence[type[Model]]) -> list[SqlObject]:
    """Return the indexes of the models, each by itself: a table that has rows gets what is new, too."""
    found = [(INDEX.match(line), line) for line in schema(node, models)[1]]
    return [
        SqlObject("INDEX", index[1], line.rstrip(";").replace("CREATE", "CREATE OR REPLACE", 1))
        for index, line in found
        if index
    ]


def schema(
    node: NodeName, models: Sequence[type[Model]]
) -> tuple[list[tuple[str, list[str]]], Sequence[str]]:
    """Return the statements for each table, and those that Django runs after all of them."""
    with SchemaWriter(unasked(node), collect_sql=True, atomic=False) as editor:
        made = []
        for model in models:
            start = len(editor.collected_sql)
            editor.create_model(model)
            made.append((model._meta.db_table, editor.collected_sql[start:]))
    return made, editor.collected_sql[sum(len(sql) for _, sql in made) :]


def unasked(node: NodeName) -> DatabaseWrapper:
    """Return a connection of Django's to a node, never opened: it knows of the server what it would ask for."""
    made = connections[node.value].copy()
    vars(made)["mysql_server_data"] = EXPECTED_SERVER  # a cached property, which would ask the server
    return cast(DatabaseWrapper, made)
