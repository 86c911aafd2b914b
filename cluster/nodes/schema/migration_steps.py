"""What a migration does to the nodes, operation by operation, and in which way each is done."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

from django.db import connections
from django.db.migrations import Migration, operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import ManyToManyField, Model

from cluster.conf import CONTROL_ALIAS
from cluster.nodes.schema.shape import dialect
from cluster.protocol.errors import Refused
from cluster.replicated import is_replicated, is_replicated_label, replicated_apps

Key = tuple[str, str]
"""App and name of a migration."""
Targets = Collection[tuple[str, str | None]]
"""As Django's executor takes them: the migrations to arrive at, None for before an app's first."""


class Way(Enum):
    """How an operation is done."""

    NOWHERE = auto()
    """It concerns no replicated table."""
    ONLINE = auto()
    """On one node after the other, while writes go on: it changes no row's shape."""
    LOCKED = auto()
    """On all nodes while the replicated tables of the primary are locked, so that no write meets two shapes."""
    ONCE = auto()
    """On the primary, as a write like any other: it changes rows, not their shape."""


KEEP_SHAPE = (
    operations.CreateModel, operations.AddIndex, operations.RemoveIndex, operations.RenameIndex,
    operations.AlterModelOptions, operations.AlterModelManagers,
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
        if isinstance(one, operations.RunPython | operations.RunSQL):
            return Way.LOCKED if one.hints.get("every_node") else Way.ONCE
        name = getattr(one, "model_name", None) or getattr(one, "name", None)
        if name is not None and not is_replicated_label(f"{self.app}.{name}"):
            return Way.NOWHERE
        return Way.LOCKED if removes(self) or not self.keeps_shape else Way.ONLINE

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
        every = self.after.apps.get_models(include_auto_created=True)
        return [model for model in every if self.concerns(model)]

    def concerns(self, model: type[Model]) -> bool:
        """Return whether it may change this model's table."""
        return model._meta.app_label == self.app and is_replicated(model)


@cache
def on_disk() -> MigrationLoader:
    """Return all migrations of the code; asks no database."""
    return MigrationLoader(None)


def concerned() -> set[Key]:
    """Return the migrations of the code that concern the nodes."""
    return {key for key in on_disk().disk_migrations if key[0] in replicated_apps()}


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


def steps(migration: Migration, backwards: bool) -> list[Step]:
    """Return the operations of a migration in the order in which they are done."""
    key = (migration.app_label, migration.name)
    state = on_disk().project_state(key, at_end=False)
    found: list[Step] = []
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        after = state.clone()
        if backwards:
            found.insert(0, Step(migration.app_label, operation, after, before, True))
        else:
            found.append(Step(migration.app_label, operation, before, after, False))
    return found


def check(step: Step) -> None:
    """Refuse what the log cannot follow. Raises Refused."""
    for reason in problems(step):
        raise Refused(
            f"{step.app}: {step.operation.describe()} is not possible on a replicated table: {reason}"
        )


def problems(step: Step) -> Iterator[str]:
    """Yield why a step cannot be done."""
    if step.backwards and not step.operation.reversible:
        yield "the operation cannot be taken back."
    if step.way is not Way.LOCKED:
        return
    if tables(step.before, step) - tables(step.after, step) and not removes(step):
        yield "the log names the table; keep its name with db_table in the model's Meta."
    old, new = step.before.apps, step.after.apps
    for model in step.models():
        label = model._meta.label
        if has(old.get_model, label) and key(old.get_model(label)) != key(new.get_model(label)):
            yield "the log names rows by their primary key; make a new model and copy the rows into it."


def removes(step: Step) -> bool:
    """Return whether it takes a table away."""
    one = step.operation
    return isinstance(one, operations.CreateModel if step.backwards else operations.DeleteModel)


def tables(state: ProjectState, step: Step) -> set[str]:
    """Return the replicated tables of the step's app in a state."""
    every = state.apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in every if step.concerns(model)}


def key(model: type[Model]) -> list[tuple[str | None, str | None]]:
    """Return the columns of the primary key and their types."""
    return [(field.column, field.db_type(dialect())) for field in model._meta.pk_fields]


def has(look: Callable[[str], object], label: str) -> bool:
    """Return whether a registry has a model."""
    try:
        look(label)
    except LookupError:
        return False
    return True
