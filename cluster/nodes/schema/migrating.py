"""What a migration does to one node: the shape of its tables, and the triggers and routines that fit it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import MySQLdb
from django.db import DatabaseError, connections
from django.db.backends.mysql.base import DatabaseWrapper
from django.db.backends.mysql.schema import DatabaseSchemaEditor
from django.db.models import Model

from cluster.conf import conf
from cluster.nodes.connection import CONNECT_SECONDS, Connection
from cluster.nodes.schema import catalogue, computed_defaults
from cluster.nodes.schema.computed_defaults import Defaults
from cluster.nodes.schema.migration_steps import Step
from cluster.nodes.schema.shape import AnyField
from cluster.nodes.schema.storing import callers, table_routines
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName

DDL_SECONDS = 3600
"""Seconds that one change of a table may take."""
LOCK_WAIT = 1
"""Seconds that one attempt waits for running transactions: everybody who comes later waits behind it."""
LOCK_SECONDS = 8.0
"""Seconds that running transactions have to end, over all attempts."""
LOCKED = 1205
ALREADY_DONE = frozenset({1050, 1051, 1054, 1060, 1061, 1091, 1146, 1176, 1826})
"""A table, column, index or foreign key that is there already, or is gone already. Each statement is atomic."""


class NodeSchemaEditor(DatabaseSchemaEditor):
    """Django's, but for defaults: one that is computed is computed once for all nodes, and a new column keeps its own.

    Entries that were written before a column was there have no value for it, and still apply.
    A step that was begun before goes on at the statement at which it was cut off.
    """

    sql_rename_table = "ALTER TABLE %(old_table)s RENAME TO %(new_table)s"
    """RENAME TABLE is refused to a session that has locked tables."""
    sql_rename_column = "ALTER TABLE %(table)s CHANGE %(old_column)s %(new_column)s %(type)s"
    """RENAME COLUMN fails now and then where the column has a check of its own, as JSON has, and the table triggers:
    MariaDB 10.11 then wants the old name in the check (1054)."""

    def __init__(
        self,
        connection: DatabaseWrapper,
        defaults: Defaults,
        *,
        again: bool = False,
        on_rename: Callable[[], None] = lambda: None,
    ) -> None:
        """again: the step was begun on this node before, so some of its statements may be done.

        on_rename: what is to be done once a table has another name.
        """
        super().__init__(connection, atomic=False)
        self.defaults, self.again, self.on_rename = defaults, again, on_rename

    def execute(self, sql: Any, params: Any = ()) -> Any:
        """Run one statement, or see that it is done."""
        try:
            return super().execute(sql, params)
        except DatabaseError as error:
            if not (self.again and error.args and error.args[0] in ALREADY_DONE):
                raise

    def effective_default(self, field: AnyField) -> Any:
        """Return the value that existing rows get."""
        if not computed_defaults.is_computed(field):
            return super().effective_default(field)
        key = computed_defaults.place_of(field)
        if key not in self.defaults:
            self.defaults[key] = super().effective_default(field)
        return self.defaults[key]

    def alter_db_table(self, model: type[Model], old_db_table: str, new_db_table: str) -> None:
        """Give a table another name."""
        super().alter_db_table(model, old_db_table, new_db_table)
        self.on_rename()

    def add_field(self, model: type[Model], field: AnyField) -> None:
        """Add a column."""
        super().add_field(model, field)
        is_column = bool(field.column) and not field.many_to_many
        if is_column and not (field.null or field.generated or field.has_db_default()):  # type: ignore[attr-defined]
            self.keep_default(model, field)

    def keep_default(self, model: type[Model], field: AnyField) -> None:
        """Give the column its default back, which Django has dropped."""
        if self.effective_default(field) is None or self.skip_default(field):
            return
        change, params = self._alter_column_default_sql(model, None, field)  # type: ignore[attr-defined]
        names = {"table": self.quote_name(model._meta.db_table), "changes": change}
        self.execute(self.sql_alter_column % names, params)


TRIGGERS_OF = (
    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS"
    " WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = '{table}'"
)
"""By what lets the server open that table alone."""


class TablesBusy(NodeFailed):
    """{label} was not changed: {reason}."""


class Shaper:
    """A session of the cluster's account that changes the tables of one node."""

    def __init__(self, name: NodeName, defaults: Defaults) -> None:
        self.name, self.defaults = name, defaults
        self.wanted: Collection[str] = ()
        """The tables that are locked, of those the ones that are there."""
        self.is_prepared = False
        account, given = conf().cluster, connections[name.value].settings_dict
        options = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": DDL_SECONDS,
            "write_timeout": DDL_SECONDS,
        }
        self.wrapper = DatabaseWrapper(
            given | {"USER": account.user, "PASSWORD": account.password, "OPTIONS": options}, name.value
        )

    def run(self, sql: str) -> list[Any]:
        """Run one statement; return its rows. Raises NodeFailed, TablesBusy."""
        try:
            with self.wrapper.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []
        except DatabaseError as error:
            raise self.failed(error) from error

    def failed(self, error: DatabaseError) -> NodeFailed:
        """Return the cluster's error for one of Django's."""
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if code == LOCKED:
            return TablesBusy(self.name, "its tables are in use by a transaction that does not end", code)
        return NodeFailed(self.name, str(error.args[-1] if error.args else error), code)

    @contextmanager
    def locked(self, names: Collection[str]) -> Iterator[None]:
        """Keep everybody else from these tables, and from nothing else, for the block.

        The lease, the log and the other tables go on: a lock on a table with triggers does not hold up those
        that the triggers use. Raises TablesBusy when a transaction that uses one of them does not end.
        """
        self.prepare()
        self.lock(names)
        try:
            yield
        finally:
            self.wanted = ()
            with suppress(NodeFailed, MySQLdb.Error):  # a session that is gone holds no lock
                self.run("UNLOCK TABLES")

    def lock(self, names: Collection[str]) -> None:
        """Lock those of the tables that are there. Raises TablesBusy."""
        self.wanted = names
        there = set(self.wrapper.introspection.table_names(self.wrapper.cursor()))
        if tables := ", ".join(f"`{name}` WRITE" for name in names if name in there):
            self.run(f"LOCK TABLES {tables}")

    def lock_again(self) -> None:
        """Lock the tables by the names that they have now: the server lets go of one that gets another.

        Between the two, nobody can write to that one: the application has no rights on its new name yet. Only a table
        of which the log has no rows gets another name, so no other table has rows that refer to it.
        """
        if self.wanted:
            self.run("UNLOCK TABLES")
            self.lock(self.wanted)

    def prepare(self) -> None:
        """Prepare the session, once, before it locks anything.

        It waits for the transactions of others no longer than one attempt may: who comes later waits behind it. And
        it changes rows past guard and log: what a change of shape does to them, it does on every node.
        """
        if not self.is_prepared:
            self.run(f"SET SESSION lock_wait_timeout = {LOCK_WAIT}")
            self.run("SELECT secret INTO @federated_operation FROM apply_secret")
            self.is_prepared = True

    def change(self, step: Step, *, again: bool) -> None:
        """Bring the tables to the step's shape, or do what an earlier run left. Raises NodeFailed, TablesBusy."""
        self.prepare()
        try:
            with NodeSchemaEditor(
                self.wrapper, self.defaults, again=again, on_rename=self.lock_again
            ) as editor:
                step.run(editor)
        except DatabaseError as error:
            raise self.failed(error) from error

    def fit_triggers(self, models: Iterable[type[Model]], apply_secret: str) -> None:
        """Guard and log the tables as they are now, and by no trigger of an earlier name. Raises NodeFailed."""
        for model in models:
            items = list(catalogue.triggers([model], apply_secret))
            own = {item.name for item in items}
            for (name,) in self.run(TRIGGERS_OF.format(table=model._meta.db_table)):
                if name not in own:
                    self.run(f"DROP TRIGGER `{name}`")
            for item in items:
                self.run(item.statement)

    def close(self) -> None:
        """End the session, and its locks."""
        self.wrapper.close()


def oldest_transaction(connection: Connection) -> str:
    """Return the session whose transaction has been open longest, in words; empty when there is none."""
    rows = connection.rows(
        "SELECT trx_mysql_thread_id, CAST(TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS CHAR)"
        " FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id > 0 ORDER BY trx_started LIMIT 1"
    )
    return f" The oldest is of session {rows[0][0]}, open for {rows[0][1]} s." if rows else ""


def fit_routines(connection: Connection, models: Sequence[type[Model]], gone: Collection[str]) -> None:
    """Store the tables as they are now, those of `models` anew, none of those that are gone. Raises NodeFailed.

    In a session of its own: one that has locked tables may make no routines.
    """
    for model in models:
        for item in table_routines(model):
            connection.run(item.statement)
    known = str(connection.row("SELECT replicated_tables()")[0] or "").split(",")
    tables = [name for name in known if name and name not in gone]
    tables += [name for name in (model._meta.db_table for model in models) if name not in tables]
    if tables != known:
        for item in callers(tables):
            connection.run(item.statement)
