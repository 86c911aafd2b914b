"""What a migration does to one node: the shape of its tables, the triggers that fit it, the record of it."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import MySQLdb
from django.db import DatabaseError, connections
from django.db.backends.mysql.base import DatabaseWrapper
from django.db.backends.mysql.schema import DatabaseSchemaEditor
from django.db.models import Model

from cluster.conf import conf
from cluster.nodes.connection import CONNECT_SECONDS, Connection
from cluster.nodes.schema import catalogue, migration_steps
from cluster.nodes.schema.migration_steps import Key, Step
from cluster.nodes.schema.shape import AnyField, dialect
from cluster.nodes.schema.storing import callers, table_routines
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from cluster.replicated import OWN_APP, replicated_models

DDL_SECONDS = 3600
"""Seconds that one change of a table may take."""
LOCK_WAIT = 1
"""Seconds that one attempt waits for running transactions: everybody who comes later waits behind it."""
LOCK_SECONDS = 8.0
"""Seconds that running transactions have to end, over all attempts."""
LOCKED = 1205
ALREADY_DONE = frozenset({1050, 1051, 1054, 1060, 1061, 1091, 1146, 1176, 1826})
"""A table, column, index or foreign key that is there already, or is gone already. Each statement is atomic."""

Defaults = dict[tuple[str, str], Any]
"""What a default that is computed gave, by table and column: the same on every node."""


class NodeSchemaEditor(DatabaseSchemaEditor):
    """Django's, but for defaults: one that is computed is computed once for all nodes, and a new column keeps its own.

    Entries that were written before a column was there have no value for it, and still apply.
    A step that was begun before goes on at the statement at which it was cut off.
    """

    sql_rename_table = "ALTER TABLE %(old_table)s RENAME TO %(new_table)s"
    """RENAME TABLE is refused to a session that has locked tables."""
    sql_rename_column = "ALTER TABLE %(table)s CHANGE %(old_column)s %(new_column)s %(type)s"
    """RENAME COLUMN fails now and then where the column has a check of its own, as JSON has, and the table triggers:
    MariaDB 10.11 then looks for the old name in the check (1054)."""

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
        if not is_computed(field):
            return super().effective_default(field)
        key = default_key(field)
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


def computing(step: Step) -> AnyField | None:
    """Return the field whose default the step computes for the rows that are there, None when there is none."""
    field = step.field()
    return field if field is not None and not field.many_to_many and is_computed(field) else None


def compute_default(field: AnyField) -> Any:
    """Return what the rows that are there get. A default may ask the database itself: nothing is locked yet."""
    return NodeSchemaEditor(dialect(), {}).effective_default(field)


def default_key(field: AnyField) -> tuple[str, str]:
    """Return the place of a field's default among those of a run."""
    return field.model._meta.db_table, str(field.column)


def is_computed(field: AnyField) -> bool:
    """Return whether the default differs from call to call."""
    return (
        callable(field.default) or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    )


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
        if tables := ", ".join(f"`{name}` WRITE" for name in names if self.has_table(name)):
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

    def has_table(self, name: str) -> bool:
        """Return whether the node has the table."""
        return name in self.wrapper.introspection.table_names(self.wrapper.cursor())

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
            for name, *_ in self.run(f"SHOW TRIGGERS WHERE `Table` = '{model._meta.db_table}'"):
                if name not in own:
                    self.run(f"DROP TRIGGER `{name}`")
            for item in items:
                self.run(item.statement)

    def close(self) -> None:
        """End the session, and its locks."""
        self.wrapper.close()


# The defaults that were computed


def stored_default(connection: Connection, key: Key, number: int) -> list[Any]:
    """Return a list of what an operation's computed default gave, empty where the node does not know."""
    rows = connection.rows(
        "SELECT value FROM computed_default WHERE app = %s AND name = %s AND step = %s", (*key, number)
    )
    return [json.loads(value, object_hook=from_tagged) for (value,) in rows]


def store_default(connection: Connection, key: Key, number: int, value: Any) -> None:
    """Keep what an operation's computed default gave."""
    connection.run(
        "REPLACE INTO computed_default (app, name, step, value) VALUES (%s, %s, %s, %s)",
        (*key, number, json.dumps(value, default=tagged)),
    )


def tagged(value: object) -> dict[str, str]:
    """Return JSON for what has none of its own: bytes, and all that a column takes as text."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else {"text": str(value)}


def from_tagged(found: dict[str, str]) -> object:
    """Return what `tagged` was given, or its text, which the server takes in its place."""
    return bytes.fromhex(found["bytes"]) if "bytes" in found else found["text"]


# The record on each node


def is_kept(connection: Connection) -> bool:
    """Return whether the node keeps a record: it has been set up."""
    return bool(connection.rows("SHOW TABLES LIKE 'applied_migration'"))


def is_current(connection: Connection) -> bool:
    """Return whether this version's set-up made the node's record."""
    return is_kept(connection) and bool(connection.rows("SHOW TABLES LIKE 'computed_default'"))


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A migration that was begun on a node. steps: operations done. run: its name, the same on every node."""

    steps: int
    run: str
    backwards: bool


def applied(connection: Connection) -> set[Key]:
    """Return the migrations that are applied whole, or were until somebody began to take them back."""
    rows = connection.rows(
        "SELECT app, name FROM applied_migration WHERE name <> '' AND (steps IS NULL OR backwards)"
    )
    return migration_steps.with_squashed({(str(app), str(name)) for app, name in rows})


def under_way(connection: Connection, key: Key) -> UnderWay | None:
    """Return how far a migration is that was begun here and not ended."""
    rows = connection.rows(
        "SELECT steps, run, backwards FROM applied_migration"
        " WHERE app = %s AND name = %s AND steps IS NOT NULL",
        key,
    )
    return UnderWay(int(rows[0][0]), str(rows[0][1]), bool(rows[0][2])) if rows else None


def note(connection: Connection, key: Key, done: UnderWay) -> None:
    """So many operations are done."""
    connection.run(
        "REPLACE INTO applied_migration (app, name, steps, run, backwards) VALUES (%s, %s, %s, %s, %s)",
        (*key, done.steps, done.run, done.backwards),
    )


def begin_step(connection: Connection, key: Key, done: UnderWay) -> bool:
    """Note that the next operation begins here; whether it had begun before, and may be done in part."""
    mark = f"{'.'.join(key)}/{done.run}/{done.steps}"
    known = connection.rows("SELECT config_value FROM node_config WHERE config_key = 'migration_step'")
    connection.run(
        "REPLACE INTO node_config (config_key, config_value) VALUES ('migration_step', %s)", (mark,)
    )
    return known == ((mark,),)


def oldest_transaction(connection: Connection) -> str:
    """Return the session whose transaction has been open longest, in words; empty when there is none."""
    rows = connection.rows(
        "SELECT trx_mysql_thread_id, CAST(TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS CHAR)"
        " FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id > 0 ORDER BY trx_started LIMIT 1"
    )
    return f" The oldest is of session {rows[0][0]}, open for {rows[0][1]} s." if rows else ""


def note_end(connection: Connection, key: Key, done: UnderWay) -> None:
    """All operations are done."""
    app = key[0]
    connection.run("INSERT IGNORE INTO applied_migration (app, name, run) VALUES (%s, '', '')", (app,))
    if done.backwards:
        connection.run("DELETE FROM applied_migration WHERE app = %s AND name = %s", key)
        connection.run("DELETE FROM computed_default WHERE app = %s AND name = %s", key)
    else:
        connection.run("UPDATE applied_migration SET steps = NULL WHERE app = %s AND name = %s", key)


def pending(connection: Connection) -> list[Key]:
    """Migrations of the code that this node lacks. An app without a record was made in its newest shape."""
    rows = connection.rows("SELECT DISTINCT app FROM applied_migration") if is_kept(connection) else ()
    recorded = {str(app) for (app,) in rows}
    have = applied(connection) if recorded else set()
    return sorted(key for key in migration_steps.concerned() if key[0] in recorded and key not in have)


def ready(connection: Connection, models: Sequence[type[Model]]) -> list[type[Model]]:
    """Return the models whose tables no migration is to change any more."""
    waiting = {app for app, _ in pending(connection)}
    return [model for model in models if model._meta.app_label not in waiting]


def present(connection: Connection, models: Sequence[type[Model]]) -> list[type[Model]]:
    """Return the models that have a table on the node."""
    tables = {str(name) for (name,) in connection.rows("SHOW TABLES")}
    return [model for model in models if model._meta.db_table in tables]


def leave_to_migrations(connection: Connection) -> None:
    """Note of each app with migrations that none is applied: `migrate` makes its tables, with what belongs in them.

    The cluster's own table is there before: what makes the others may already orphan an entry.
    """
    apps = sorted({app for app, _ in migration_steps.concerned()} - {OWN_APP})
    connection.many(
        "INSERT IGNORE INTO applied_migration (app, name, run) VALUES (%s, '', '')", [(app,) for app in apps]
    )


def is_new(connection: Connection) -> bool:
    """Return whether no migration of an app was ever applied on the node, nor its tables made in another way."""
    if not is_kept(connection):
        return True
    rows = connection.row("SELECT COUNT(*) FROM applied_migration WHERE name <> '' AND app <> %s", (OWN_APP,))
    return rows == (0,)


def record_newest(connection: Connection) -> None:
    """Note that the tables which set-up has made are in their newest shape."""
    waiting = {app for app, _ in pending(connection)}
    record(connection, {app for app, _ in migration_steps.concerned()} - waiting)


def record_made(connection: Connection) -> None:
    """Record an app of which there is none although its tables are there: set-up made them, and was cut off."""
    recorded = {str(app) for (app,) in connection.rows("SELECT DISTINCT app FROM applied_migration")}
    made = {model._meta.app_label for model in present(connection, replicated_models())} - recorded
    record(connection, made)


def record(connection: Connection, apps: Collection[str]) -> None:
    """Note that all migrations of these apps are applied."""
    rows = [key for key in sorted(migration_steps.concerned()) if key[0] in apps]
    if rows:
        connection.many(
            "INSERT IGNORE INTO applied_migration (app, name, run) VALUES (%s, %s, '')",
            [*rows, *((app, "") for app in sorted({app for app, _ in rows}))],
        )


def forget(connection: Connection) -> None:
    """The tables are made anew."""
    connection.run("DELETE FROM applied_migration")


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
