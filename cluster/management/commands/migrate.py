"""Django's migrate for a site on three nodes: the control database, then the cluster, all nodes together."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate as django
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.module_loading import module_has_submodule

from cluster.actions.events import journal
from cluster.actions.maintenance.migrate import migrate, planned
from cluster.backend import write_once
from cluster.backend.context import NODES
from cluster.backend.creation import is_test_database
from cluster.conf import CLUSTER_ALIAS, CONTROL_ALIAS, conf
from cluster.management.verbs import FILING_SECONDS
from cluster.nodes.cluster import connect_all
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.schema.migration_record import is_kept
from cluster.nodes.schema.migration_steps import Key, Plan, Targets, on_disk, state_of
from cluster.protocol.errors import ClusterError, NodeUnreachable
from cluster.protocol.names import NodeName

DATA_SECONDS = 600.0
"""Seconds that a data migration may search for a primary and a second node."""


Options = dict[str, Any]
"""What Django hands its command: each option by its name, of the type that its parser gives it."""


class Command(django.Command):
    """Migrate the control database as Django does, then the replicated tables of all nodes."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's; without --database all databases are meant."""
        super().add_arguments(parser)
        parser.set_defaults(database=None)

    def get_check_kwargs(self, options: Options) -> Any:
        """Run the checks of the control database: a node that is down says so by itself."""
        return super().get_check_kwargs(options | {"database": CONTROL_ALIAS})

    def handle(self, *args: Any, **options: Any) -> None:
        """First the control database: what runs once on the primary may need its tables."""
        if options["database"] in NODES:
            raise CommandError(
                "The nodes are migrated together, so that they stay equal: run migrate without --database."
            )
        self.verbosity, named = options["verbosity"], options["database"]
        register_receivers()
        if named == CLUSTER_ALIAS and is_test_database(connections[CLUSTER_ALIAS].settings_dict):
            super().handle(*args, **options)
            return
        if named == CLUSTER_ALIAS and options["prune"]:
            raise CommandError("--prune is for the control database: run it with --database control.")
        wants_nodes = named in (None, CLUSTER_ALIAS) and not options["prune"]
        options["database"] = CONTROL_ALIAS if named in (None, CLUSTER_ALIAS) else named
        if options["check_unapplied"] and wants_nodes and self.unapplied(options):
            sys.exit(1)
        if named != CLUSTER_ALIAS:
            super().handle(*args, **options)
        if wants_nodes:
            self.migrate_nodes(options)

    def unapplied(self, options: Options) -> bool:
        """Return whether the nodes lack a migration."""
        with in_words():
            return bool(planned(connect_all(), targets(options), conf().lease_seconds))

    def migrate_nodes(self, options: Options) -> None:
        """Show the plan, or follow it."""
        with in_words():
            self.follow(options, connect_all())
        journal.finish(FILING_SECONDS)

    def follow(self, options: Options, nodes: dict[NodeName, MariaDBNode]) -> None:
        """Do what is asked for. Raises ClusterError."""
        if not any_set_up(nodes):
            self.say("The nodes are not set up yet: setup_nodes makes their tables in the newest shape.")
        elif options["plan"] or options["check_unapplied"]:
            for migration, backwards in planned(nodes, targets(options), conf().lease_seconds):
                self.say(f"  On the nodes: {'take back ' if backwards else ''}{migration}")
        else:
            seconds, emit = conf().lease_seconds, partial(self.emit, options)
            done = migrate(
                nodes,
                targets(options),
                seconds,
                run_once=run_once,
                on_progress=self.say,
                on_plan=partial(emit, emit_pre_migrate_signal),
            )
            self.say(done.sentence)
            emit(emit_post_migrate_signal, done.plan, done.applied)

    def emit(self, options: Options, signal: Callable[..., None], plan: Plan, applied: set[Key]) -> None:
        """Send one of Django's signals for the cluster: content types, permissions and sites are made by them."""
        registry = state_of(applied).apps
        asks = options["interactive"]
        signal(self.verbosity, asks, CLUSTER_ALIAS, stdout=self.stdout, apps=registry, plan=plan)

    def say(self, sentence: str) -> None:
        """Print a line, unless nobody wants one."""
        if self.verbosity >= 1:
            self.stdout.write(sentence)


def register_receivers() -> None:
    """Import what an app connects to the signals of migrations, as Django's own command does on its way."""
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "management"):
            import_module(".management", app.name)


@contextmanager
def in_words() -> Iterator[None]:
    """Report the cluster's errors as one line."""
    try:
        yield
    except ClusterError as error:
        raise CommandError(str(error)) from error


def any_set_up(nodes: dict[NodeName, MariaDBNode]) -> bool:
    """Return whether a node that answers keeps a record of migrations. Raises NodeUnreachable when none answers."""
    error: ClusterError | None = None
    for node in nodes.values():
        try:
            return is_kept(node.connection)
        except NodeUnreachable as reason:
            error = reason
    raise error or AssertionError("there are no nodes")


def targets(options: Options) -> Targets:
    """Return where to arrive, as the arguments say; Django has checked them."""
    loader = on_disk()
    app, name = options["app_label"], options["migration_name"]
    if app and name:
        return [(app, None if name == "zero" else loader.get_migration_by_prefix(app, name).name)]
    return [key for key in loader.graph.leaf_nodes() if app in (None, key[0])]


def run_once(work: Callable[[BaseDatabaseSchemaEditor], None], transaction_id: str | None) -> None:
    """Run a data step on the primary, exactly once where it has an id."""

    def on_primary() -> None:
        with connections[CLUSTER_ALIAS].schema_editor(atomic=False) as editor:
            work(editor)

    if transaction_id is None:
        on_primary()
    else:
        write_once(on_primary, transaction_id=transaction_id, deadline=DATA_SECONDS)
