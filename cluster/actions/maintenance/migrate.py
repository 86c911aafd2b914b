"""Bring the replicated tables of all nodes to a new shape, while the site goes on.

One operation after the other, each on every node before the next begins, so that a data migration meets the same
tables everywhere. Where an operation changes the shape of rows, the primary's replicated tables are locked, the
followers take what is still under way, and then every node changes: no entry of one shape is left for a table of
another. A run that was cut off goes on where it stopped.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

from cluster.actions.events import journal
from cluster.actions.maintenance import setup
from cluster.actions.maintenance.followers import Followers
from cluster.actions.steps.lease import observe_revived
from cluster.nodes.log import reading
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import quarantine
from cluster.nodes.schema import computed_defaults, migrating, migration_record
from cluster.nodes.schema.computed_defaults import Defaults
from cluster.nodes.schema.install import secret
from cluster.nodes.schema.migrating import LOCK_SECONDS, Shaper, TablesBusy
from cluster.nodes.schema.migration_record import UnderWay
from cluster.nodes.schema.migration_steps import Key, Plan, Step, Targets, Way, check, plan, state_of, steps
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

ProgressCallback = Callable[[str], None]
RunOnce = Callable[[Callable[[BaseDatabaseSchemaEditor], None], str | None], None]
"""Runs a data step, which takes a schema editor of the primary, under a transaction id; None: as it comes."""

PAUSE = 0.5
"""Seconds between two attempts to lock tables, in which others get their turn."""

Begun = dict[NodeName, bool]
"""The nodes that a step is to be done on, and whether it was begun there before."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """plan: what was applied or taken back. applied: what the primary has. absent: who keeps an old shape, and why."""

    plan: Plan
    applied: set[Key]
    absent: Mapping[NodeName, str]

    @property
    def sentence(self) -> str:
        """What the developer reads at the end."""
        done = ", ".join(str(migration) for migration, _ in self.plan)
        said = f"The nodes have {done}." if done else "The nodes have nothing to migrate."
        left = [
            f"{name.label} keeps its old shape: {why} When it is back run migrate again, or rebuild_node {name}."
            for name, why in self.absent.items()
        ]
        return " ".join([said, *left])


def planned(
    nodes: Mapping[NodeName, MariaDBNode], targets: Targets, lease_seconds: float
) -> list[tuple[Migration, bool]]:
    """Return what the primary lacks: each migration, and whether it is to be taken back. Raises Refused."""
    primary = leader(observe_revived(nodes, lease_seconds))
    return plan(migration_record.applied(nodes[primary.name].connection), targets)


def leader(view: ClusterView) -> NodeState:
    """Return the primary. Raises Refused when there is none."""
    if view.primary is None:
        raise Refused(
            f"The nodes cannot be migrated: no node takes writes now. {view.missing()} "
            "Once one does, run migrate again; migrate --database control migrates the control database alone."
        )
    return view.primary


def migrate(
    nodes: Mapping[NodeName, MariaDBNode],
    targets: Targets,
    lease_seconds: float,
    *,
    run_once: RunOnce,
    on_progress: ProgressCallback,
    on_plan: Callable[[Plan, set[Key]], None],
) -> Migrated:
    """Bring every node that answers to the targets. May be cut off and repeated.

    on_plan gets what is to be done before any of it is, and what is applied; it may add operations.
    A lease that has only run out is renewed: on a new cluster no replicator keeps it yet.
    Raises Refused (no primary, an operation that the log cannot follow, a transaction that does not end, a failover
    meanwhile), NodeFailed, and what a data step raises.
    """
    view = observe_revived(nodes, lease_seconds)
    primary = leader(view)
    absent = {name: why for name in NodeName if (why := reason_absent(view, nodes, name))}
    if primary.name in absent:
        raise Refused(
            f"The nodes cannot be migrated: {primary.name.label} takes writes, and {absent[primary.name]}"
        )
    here = {name: node for name, node in nodes.items() if name not in absent}
    for node in here.values():
        migration_record.record_made(node.connection)
    followers = [name for name in here if name is not primary.name]
    was_late = [name for name in followers if bring_up_to_date(here, primary, name, on_progress)]
    connection = nodes[primary.name].connection
    have = migration_record.applied(connection)
    wanted = plan(have, targets)
    on_plan(wanted, have)
    if reading.has_rows(connection) or any(backwards for _, backwards in wanted):
        for step in each_step(wanted, have):  # nothing else can be in the way of one, and to ask costs time
            check(step, partial(reading.has_entries, connection))
    for migration, backwards, state in with_states(wanted, have):
        with journal.attempt("migrate") as attempt:
            Run(here, primary, migration, backwards, state, run_once, on_progress).finish()
            attempt.succeeded(
                f"{migration} was {'taken back' if backwards else 'applied'} on "
                f"{', '.join(name.label for name in here)}.",
                old="", new=migration.name, epoch=primary.promised,
            )  # fmt: skip
    for name in here:
        setup.set_up(name)  # whatever no migration brings: models of apps without any
    if wanted or was_late:
        for name in here:
            setup.link(name)  # the SQL console writes to a peer's tables through links
    return Migrated(wanted, migration_record.applied(connection), absent)


def reason_absent(view: ClusterView, nodes: Mapping[NodeName, MariaDBNode], name: NodeName) -> str:
    """Why a node takes no part, empty when it does."""
    if error := view.error(name):
        return str(error)
    state = view.state(name)
    if state is None or state.blank or state.withdrawn:
        return "it has lost its data or is being rebuilt."
    if not migration_record.is_current(nodes[name].connection):
        return "it was set up by an older version; run setup_nodes."
    return ""


def bring_up_to_date(
    nodes: Mapping[NodeName, MariaDBNode], primary: NodeState, name: NodeName, on_progress: ProgressCallback
) -> bool:
    """Give a node that was away the migrations which the primary has. Whether it lacked any."""
    node = nodes[name]
    have = migration_record.applied(node.connection)
    missing = migration_record.applied(nodes[primary.name].connection) - have
    late = [(migration, back) for migration, back in plan(have, sorted(missing)) if not back]
    for migration, backwards, state in with_states(late, have):
        Run({name: node}, primary, migration, backwards, state, None, on_progress, nodes).finish()
    return bool(late)


def with_states(wanted: Plan, have: set[Key]) -> Iterator[tuple[Migration, bool, ProjectState]]:
    """Yield each migration with the models without it. Forwards, each has to bring them to those with it."""
    applied, state = set(have), None
    for migration, backwards in wanted:
        key = (migration.app_label, migration.name)
        applied.discard(key)
        if backwards or state is None:
            state = state_of(applied)
        yield migration, backwards, state
        if not backwards:
            applied.add(key)


def each_step(wanted: Plan, have: set[Key]) -> Iterator[Step]:
    """Yield each step of each migration."""
    for migration, backwards, state in with_states(wanted, have):
        yield from steps(migration, backwards, state)


@dataclass
class Run:
    """One migration on the nodes that take part.

    state: the models without the migration; afterwards, forwards, those with it.
    run_once: None where the primary has the migration already, and with it what its data steps wrote.
    all_nodes: to see how far a late node is.
    """

    nodes: Mapping[NodeName, MariaDBNode]
    primary: NodeState
    migration: Migration
    backwards: bool
    state: ProjectState
    run_once: RunOnce | None
    on_progress: ProgressCallback
    all_nodes: Mapping[NodeName, MariaDBNode] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=dict)
    followers: Followers = field(init=False)

    def __post_init__(self) -> None:
        everyone = self.all_nodes or self.nodes
        self.followers = Followers(everyone, tuple(self.nodes), self.primary, str(self.migration))

    def finish(self) -> None:
        """Do what is left of it."""
        progress = self.progress()
        order = sorted(self.nodes, key=lambda name: name is self.primary.name)  # the primary last
        for number, step in enumerate(steps(self.migration, self.backwards, self.state)):
            waiting = [name for name in order if progress[name].steps <= number]
            if waiting and step.way is not Way.NOWHERE:
                where = ", ".join(name.label for name in waiting)
                self.on_progress(f"{self.migration}: {step.operation.describe()} ({where})")
                self.do(step, number, waiting, progress)
            for name in waiting:
                self.note(name, number, progress)
        for name in order:
            migration_record.note_end(self.nodes[name].connection, self.key, progress[name])

    @property
    def key(self) -> Key:
        """App and name."""
        return (self.migration.app_label, self.migration.name)

    def progress(self) -> dict[NodeName, UnderWay]:
        """How far each node is, after an earlier run that was cut off. Raises Refused."""
        found = {
            name: migration_record.under_way(node.connection, self.key) for name, node in self.nodes.items()
        }
        begun = [way for way in found.values() if way]
        if any(way.backwards is not self.backwards for way in begun):
            other = "applying it" if self.backwards else "taking it back"
            raise Refused(f"{self.migration} was cut off while somebody was {other}; finish that first.")
        run = begun[0].run if begun else uuid.uuid4().hex
        return {name: way or self.begun(name, run) for name, way in found.items()}

    def begun(self, name: NodeName, run: str) -> UnderWay:
        """Return the record of a migration of which nothing is done: a node that has all of it has nothing to do."""
        connection = self.nodes[name].connection
        has_it = self.key in migration_record.applied(connection)
        if has_it is not self.backwards:
            return UnderWay(len(self.migration.operations), run, self.backwards)
        way = UnderWay(0, run, self.backwards)
        migration_record.note(connection, self.key, way)
        return way

    def note(self, name: NodeName, number: int, progress: dict[NodeName, UnderWay]) -> None:
        """Note that a step is done on a node."""
        progress[name] = UnderWay(number + 1, progress[name].run, self.backwards)
        migration_record.note(self.nodes[name].connection, self.key, progress[name])

    def do(
        self, step: Step, number: int, waiting: list[NodeName], progress: dict[NodeName, UnderWay]
    ) -> None:
        """One step, in its way."""
        joint = self.primary.name in waiting
        if step.way is Way.ONCE:
            if joint and self.run_once is not None:
                atomic = getattr(step.operation, "atomic", None)
                own = self.migration.atomic if atomic is None else atomic
                run = f"migrate-{progress[waiting[0]].run}-{number}" if own else None
                before = self.followers.written()
                self.run_once(step.run, run)
                if (
                    self.followers.written() != before
                ):  # many a data migration finds nothing to do on a new cluster
                    self.followers.await_written()
            return
        self.settle_default(step, number)
        begun = {
            name: migration_record.begin_step(self.nodes[name].connection, self.key, progress[name])
            for name in waiting
        }
        if step.way is Way.ONLINE:
            self.change_each(step, begun)
        elif joint:
            self.retrying_while_busy(lambda: self.change_locked(step, begun))
        else:
            self.followers.await_still(waiting)
            self.change_each(step, begun)

    def settle_default(self, step: Step, number: int) -> None:
        """Find out what the rows that are there get from a computed default, before anything is changed."""
        field = computed_defaults.computing(step)
        if field is not None:
            place = -1 - number if self.backwards else number
            # The primary's own counts most: a late node may keep that of a run which has been taken back since.
            nodes = sorted(
                (self.all_nodes or self.nodes).values(), key=lambda n: n.name is not self.primary.name
            )
            everywhere = [node.connection for node in nodes]
            here = [node.connection for node in self.nodes.values()]
            value = computed_defaults.settle(field, self.key, place, everywhere, here)
            self.defaults[computed_defaults.place_of(field)] = value

    # On the nodes

    def change_locked(self, step: Step, begun: Begun) -> None:
        """While nobody writes to the replicated tables, and every node has what was written. Raises TablesBusy.

        Every wait for somebody else's transaction lies before the first change: on the followers before the
        primary is locked, and once more, briefly, when they have all.
        """
        tables = step.all_tables() | {"kernel_object"}
        with ExitStack() as held:
            shapers = {name: held.enter_context(closing(Shaper(name, self.defaults))) for name in begun}
            primary = shapers[self.primary.name]
            followers = [shaper for shaper in shapers.values() if shaper is not primary]
            for shaper in followers:
                with shaper.locked(tables):
                    pass
            with primary.locked(tables), ExitStack() as locks:
                self.followers.await_caught_up()
                for shaper in followers:
                    locks.enter_context(shaper.locked(tables))
                for name, shaper in shapers.items():
                    again, begun[name] = begun[name], True
                    self.change(step, name, shaper, again=again)
        for name in begun:  # a late node may have had images that did not fit its old shape
            quarantine.retry(self.nodes[name].connection)

    def change_each(self, step: Step, begun: Begun) -> None:
        """One node after the other, while writes go on."""
        for name in begun:
            self.retrying_while_busy(partial(self.change_one, step, name, begun))

    def change_one(self, step: Step, name: NodeName, begun: Begun) -> None:
        """One node, in a session of its own. Raises TablesBusy."""
        again, begun[name] = begun[name], True
        with closing(Shaper(name, self.defaults)) as shaper:
            self.change(step, name, shaper, again=again)
        quarantine.retry(self.nodes[name].connection)

    def change(self, step: Step, name: NodeName, shaper: Shaper, *, again: bool) -> None:
        """One node: tables, triggers, and the procedures that store images."""
        connection = self.nodes[name].connection
        shaper.change(step, again=again)
        changed = step.changed()
        shaper.fit_triggers(changed, secret(connection))
        migrating.fit_routines(connection, changed, step.gone())
        setup.grant_tables(name, changed, step.gone())

    def retrying_while_busy(self, attempt: Callable[[], None]) -> None:
        """Try until the transactions of others let it through. Raises Refused when one does not end."""
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return attempt()
            except TablesBusy as busy:
                if time.monotonic() > deadline:
                    oldest = migrating.oldest_transaction(self.nodes[busy.node].connection)
                    raise Refused(
                        f"{busy.node.label}'s tables are in use by a transaction that did not end within "
                        f"{LOCK_SECONDS:.0f} s.{oldest} Run migrate again when it has ended; it goes on where it "
                        "stopped."
                    ) from busy
            time.sleep(PAUSE)
