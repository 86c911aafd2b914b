"""Which migrations have shaped a node's tables, and how far the one is that is under way: the record on each node."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Model

from cluster.nodes.connection import Connection
from cluster.nodes.schema import computed_defaults, migration_steps
from cluster.nodes.schema.migration_steps import Key
from cluster.replicated import OWN_APP, replicated_models


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


def note_end(connection: Connection, key: Key, done: UnderWay) -> None:
    """All operations are done."""
    app = key[0]
    connection.run("INSERT IGNORE INTO applied_migration (app, name, run) VALUES (%s, '', '')", (app,))
    if done.backwards:
        connection.run("DELETE FROM applied_migration WHERE app = %s AND name = %s", key)
        computed_defaults.forget(connection, key)
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
    """Forget all of it: the tables are made anew."""
    connection.run("DELETE FROM applied_migration")
