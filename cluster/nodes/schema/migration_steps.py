"""What a migration does to the nodes, operation by operation, and in which way each is done."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any

from django.db import connections
from django.db.migrations import Migration, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import ManyToManyField, Model

from cluster.conf import CONTROL_ALIAS
from cluster.nodes.schema.shape import AnyField, dialect, shape
from cluster.protocol.errors import Refused
from cluster.replicated import is_replicated, is_replicated_label, replicated_apps, replicated_models

Key = tuple[str, str]
"""App and name of a migration."""
Targets = Collection[tuple[str, str | None]]
"""As Django's executor takes them: the migrations to arrive at, None for before an app's first."""

Plan = Sequence[tuple[Migration, bool]]
"""Migrations in their order, and whether each is to be taken back."""


class Way(Enum):
    """How an operation is done."""

    NOWHERE = auto()
    """It concerns no replicated table, or nothing that the database knows of one."""
    ONLINE = auto()
    """On one node after the other, while writes go on: it changes no row's shape."""
    LOCKED = auto()
    """On all nodes while the replicated tables of the primary are locked, so that no write meets two shapes."""
    ONCE = auto()
    """On the primary, as a write like any other: it changes rows, not their shape."""


DDL = re.compile(r"\s*(?:alter|create|drop|rename)\b", re.IGNORECASE)
KEEP_SHAPE = (
    operations.CreateModel, operations.AddIndex, operations.RemoveIndex, operations.RenameIndex,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a migration in one direction. before, after: the models that it starts from and arrives at."""

    app: str
    operation: Operation
    before: ProjectState
    after: ProjectState
    backwards: bool

    @property
    def way(self) -> Way:
        """How it is done."""
        one = self.operation
        if isinstance(one, operations.RunSQL) and changes_tables(
            one.reverse_sql if self.backwards else one.sql
        ):
            return Way.LOCKED
        if isinstance(one, operations.RunPython | operations.RunSQL):
            return Way.LOCKED if one.hints.get("every_node") else Way.ONCE
        name = getattr(one, "model_name", None) or getattr(one, "name", None)
        if name is not None and not is_replicated_label(f"{self.app}.{name}"):
            return Way.NOWHERE
        if self.is_of_code_alone:
            return Way.NOWHERE
        return Way.LOCKED if removes(self) or not self.keeps_shape else Way.ONLINE

    @property
    def is_of_code_alone(self) -> bool:
        """Whether it changes nothing in the database: labels, choices, what Django itself checks."""
        one = self.operation
        if isinstance(one, operations.AlterModelOptions | operations.AlterModelManagers):
            return True
        if not isinstance(one, operations.AlterField):
            return False
        label = (self.app, one.model_name_lower)
        old, new = (state.models[label].fields[one.name] for state in (self.before, self.after))
        return definition(old) == definition(new)

    @property
    def keeps_shape(self) -> bool:
        """Whether the rows of existing tables stay as they are."""
        one = self.operation
        adds_table = isinstance(one, operations.AddField) and isinstance(one.field, ManyToManyField)
        return adds_table or isinstance(one, KEEP_SHAPE)

    def run(self, editor: object) -> None:
        """Do it through a schema editor."""
        act = self.operation.database_backwards if self.backwards else self.operation.database_forwards
        act(self.app, editor, self.before, self.after)  # type: ignore[arg-type]

    def models(self) -> list[type[Model]]:
        """Return the replicated models of the app as they are afterwards."""
        return [model for model in every_model(self.after) if self.concerns(model)]

    def changed(self) -> list[type[Model]]:
        """Return the replicated models whose tables may be new, of another name or of another shape than before."""
        every = [model for model in every_model(self.after) if is_replicated(model)]
        if self.touches_keys:  # and with them columns that refer to them, wherever those are
            before = {shape(model) for model in every_model(self.before) if is_replicated(model)}
            return [model for model in every if shape(model) not in before or self.touches(model)]
        return [model for model in every if self.touches(model)]

    @property
    def touches_keys(self) -> bool:
        """Return whether other models' columns may change with the operation's own."""
        one = self.operation
        if not isinstance(one, operations.AlterField):
            return isinstance(one, operations.RenameModel)
        states = (state.models.get((self.app, one.model_name_lower)) for state in (self.before, self.after))
        return any(
            state.fields[one.name].primary_key for state in states if state and one.name in state.fields
        )

    def touches(self, model: type[Model]) -> bool:
        """Return whether the operation changes the fields of a model, or of the one whose field it stands for."""
        owner = model._meta.auto_created or model
        label = (owner._meta.app_label, str(owner._meta.model_name))  # type: ignore[union-attr]
        old, new = self.before.models.get(label), self.after.models.get(label)
        if old is None or new is None:
            return new is not None  # in neither: a model of an app without migrations
        return bool(old.fields != new.fields or old.options.get("db_table") != new.options.get("db_table"))

    def field(self) -> AnyField | None:
        """Return the field that the operation adds or changes, as it is afterwards; None where it does neither."""
        label = (self.app, getattr(self.operation, "model_name", "").lower())
        name = getattr(self.operation, "name", "")
        state = self.after.models.get(label)
        if state is None or name not in state.fields:
            return None
        found: AnyField = self.after.apps.get_model(*label)._meta.get_field(name)
        return found

    def gone(self) -> set[str]:
        """Return the tables that are not there any more: removed, or under another name."""
        return tables(self.before, self) - tables(self.after, self)

    def all_tables(self) -> set[str]:
        """Return every replicated table that there may be before or after the step, of whatever app."""
        known = [model for state in (self.before, self.after) for model in every_model(state)]
        return {model._meta.db_table for model in [*known, *replicated_models()] if is_replicated(model)}

    def concerns(self, model: type[Model]) -> bool:
        """Return whether it may change this model's table."""
        return model._meta.app_label == self.app and is_replicated(model)


def definition(field: AnyField) -> tuple[object, ...]:
    """Return what the database knows of a field, as Django's schema editor tells whether a column changes."""
    _, path, args, options = field.deconstruct()
    of_code = {*field.non_db_attrs} - {"db_column"}
    return path, args, {name: value for name, value in options.items() if name not in of_code}


def changes_tables(sql: Any) -> bool:
    """Return whether the SQL of a RunSQL (a text, or a list of statements with or without parameters) has DDL.

    That is nothing that the log carries, nor that the application's account may do: it is done on every node.
    """
    given = dialect().ops.prepare_sql_script(sql) if isinstance(sql, str) else (sql or ())
    return any(DDL.match(one if isinstance(one, str) else one[0]) for one in given)


@cache
def on_disk() -> MigrationLoader:
    """Return all migrations of the code; asks no database."""
    return MigrationLoader(None)


def concerned() -> set[Key]:
    """Return the migrations of the code that concern the nodes; of squashed ones, what replaces them."""
    return {key for key in on_disk().graph.nodes if key[0] in replicated_apps()}


def with_squashed(applied: Collection[Key]) -> set[Key]:
    """Return what is applied, and each migration that replaces nothing but applied ones."""
    disk = on_disk().disk_migrations
    return set(applied) | {
        key for key, one in disk.items() if one.replaces and all(old in applied for old in one.replaces)
    }


def plan(applied: Collection[Key], targets: Targets) -> list[tuple[Migration, bool]]:
    """Return what leads a node from `applied` to the targets: each migration, and whether it is taken back."""
    executor = MigrationExecutor(connections[CONTROL_ALIAS])
    loader = executor.loader
    loader.applied_migrations = {
        key: migration
        for key, migration in loader.disk_migrations.items()
        if key[0] not in replicated_apps() or key in applied
    }
    known = [target for target in targets if target[0] in replicated_apps()]
    return [(migration, bool(back)) for migration, back in executor.migration_plan(known)]


def state_of(applied: Collection[Key]) -> ProjectState:
    """Return the models as these migrations of the replicated apps leave them, and all of other apps."""
    loader = on_disk()
    nodes = [key for key in loader.graph.nodes if key in applied or key[0] not in replicated_apps()]
    if not nodes:  # of which Django would make all there are
        return ProjectState(real_apps=loader.unmigrated_apps)
    return loader.project_state(nodes)


def steps(migration: Migration, backwards: bool, state: ProjectState) -> Iterator[Step]:
    """Yield the operations of a migration in the order in which they are done.

    state: the models without the migration. Forwards it is brought to those with it, step by step, so one step is to
    be done with before the next is asked for.
    """
    if backwards:
        yield from steps_back(migration, state)
        return
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        yield Step(migration.app_label, operation, before, state, False)


def steps_back(migration: Migration, state: ProjectState) -> Iterator[Step]:
    """Yield what takes a migration back: only the way there tells the state before each of its operations."""
    states = [state]
    for operation in migration.operations:
        after = states[-1].clone()
        operation.state_forwards(migration.app_label, after)
        states.append(after)
    for operation in reversed(migration.operations):
        after = states.pop()
        yield Step(migration.app_label, operation, after, states[-1], True)


def check(step: Step, has_entries: Callable[[str], bool]) -> None:
    """Refuse what the log cannot follow. has_entries: whether the log has rows of a table. Raises Refused."""
    for reason in problems(step, has_entries):
        raise Refused(
            f"{step.app}: {step.operation.describe()} is not possible on a replicated table: {reason}"
        )


def problems(step: Step, has_entries: Callable[[str], bool]) -> Iterator[str]:
    """Yield why a step cannot be done."""
    if step.backwards and not step.operation.reversible:
        yield "the operation cannot be taken back."
    if not isinstance(step.operation, NAMING) or step.way is not Way.LOCKED:
        return
    if any(has_entries(table) for table in step.gone()):
        yield "the log names the table; keep its name with db_table in the model's Meta."
    old = {model._meta.label: key(model) for model in every_model(step.before) if step.concerns(model)}
    for model in step.models():
        changed = old.get(model._meta.label, key(model)) != key(model)
        if changed and has_entries(model._meta.db_table):
            yield "the log names rows by their primary key; make a new model and copy the rows into it."


NAMING = (
    operations.AlterModelTable, operations.RenameModel, operations.AddField, operations.RemoveField,
    operations.AlterField, operations.RenameField,
)  # fmt: skip
"""Operations that may change what the log calls a table, or a row."""


def removes(step: Step) -> bool:
    """Return whether it takes a table away."""
    one = step.operation
    return isinstance(one, operations.CreateModel if step.backwards else operations.DeleteModel)


def every_model(state: ProjectState) -> list[type[Model]]:
    """Return the models of a state that have tables of ours, those of many-to-many fields included."""
    every = state.apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def tables(state: ProjectState, step: Step) -> set[str]:
    """Return the replicated tables of the step's app in a state."""
    return {model._meta.db_table for model in every_model(state) if step.concerns(model)}


def key(model: type[Model]) -> list[tuple[str | None, str | None]]:
    """Return the columns of the primary key and their types."""
    return [(field.column, field.db_type(dialect())) for field in model._meta.pk_fields]
