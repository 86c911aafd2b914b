"""Set a node up: accounts, kernel, replicated tables, triggers; and begin a new cluster's first epoch."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Model

from cluster.actions.failover.failover import resume_primary
from cluster.actions.failover.promote import Promotion
from cluster.actions.steps.observe import Nodes, observe
from cluster.conf import conf
from cluster.nodes.cluster import administrator, connect
from cluster.nodes.connection import Connection
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import quarantine, rebuilding
from cluster.nodes.schema import collations, install, migration_record, surroundings
from cluster.nodes.schema.collations import LINGUISTIC
from cluster.nodes.schema.install import Finding, Status
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models


def set_up(name: NodeName, *, tables: bool = True, like: MariaDBNode | None = None) -> int:
    """Put on one node whatever is missing or outdated; how many objects that were. May be repeated.

    tables: whether a node that has none gets the tables of apps with migrations in their newest shape; else they
    are left to `migrate`. like: the primary, where the node is blank: its tables become as the primary's are, before
    anything is sent to it. Raises NodeUnreachable, NodeFailed, Refused.
    """
    settings, models = conf(), replicated_models()
    admin, own = administrator(name), connect(name).connection
    install.create_accounts(admin, settings)
    install.introduce_peers(admin, settings)
    changed = install.install(own, install.kernel())
    install.create_application(admin, settings)
    if not tables and migration_record.is_new(own):
        migration_record.leave_to_migrations(own)
    ready = migration_record.ready(own, models)  # what a migration is to change stays as it is until then
    waiting = [model for model in migration_record.present(own, models) if model not in ready]
    objects = install.replicated(name, ready, install.make_secret(own), waiting)
    changed += install.install(own, objects)
    if like is not None and take_definitions(like.connection, own):
        install.install(own, objects)
    migration_record.record_newest(own)
    install.configure(own, settings)
    install.grant_application(admin, settings, ready)
    quarantine.retry(own)
    for connection in (admin, own):
        connection.close()
    return changed


def take_definitions(source: Connection, target: Connection) -> bool:
    """Make the tables anew that are not defined as the primary's, in columns, defaults, keys, checks or collations.

    Set-up makes them as the models say, which is not all that the migrations of the primary have left there. They have
    no triggers then: set-up makes them. Returns whether there were any.
    """
    names = [model._meta.db_table for model in replicated_models()]
    held, right = surroundings.definitions(target, names), surroundings.definitions(source, names)
    other = [name for name, statement in right.items() if statement != held.get(name)]
    for name in other:
        rebuilding.make_like(source, target, name)
    return bool(other)


def grant_tables(name: NodeName, models: Sequence[type[Model]], gone: Collection[str]) -> None:
    """Let the application use tables that are new on a node, before anything is migrated into them; forget others."""
    if models or gone:
        admin = administrator(name)
        install.grant_tables(admin, conf(), models)
        install.revoke_tables(admin, conf(), gone)
        admin.close()


def is_new_cluster(nodes: Mapping[NodeName, MariaDBNode]) -> bool:
    """Return whether no node that answers has tables of an app yet: those come by `migrate`, with their rows."""
    return all(migration_record.is_new(node.connection) for node in nodes.values() if answers(node))


def model_of(nodes: Mapping[NodeName, MariaDBNode], name: NodeName) -> MariaDBNode | None:
    """Return the primary, whose tables a node that is blank is to have; None where it is not, or nobody is."""
    primary = observe(nodes).primary
    if primary is None or primary.name is name or not is_blank(nodes[name]):
        return None
    return nodes[primary.name]


def is_blank(node: MariaDBNode) -> bool:
    """Return whether a node that is up has nothing of the cluster yet."""
    return not answers(node) or migration_record.is_new(node.connection)


def answers(node: MariaDBNode) -> bool:
    """Return whether the node can be asked; a server that is blank refuses the cluster's account."""
    try:
        return bool(node.connection.row("SELECT 1"))
    except (NodeUnreachable, NodeFailed):
        return False


def link(name: NodeName) -> list[str]:
    """Make one node's federated tables to the others, which have to be set up; what hindered any. May be repeated."""
    own = connect(name).connection
    try:
        return install.link(own)
    finally:
        own.close()


def blurred(name: NodeName) -> list[str]:
    """Return what on a node takes different characters for one, each in a sentence; set-up changes no table."""
    own = connect(name).connection
    try:
        return [
            f"{found}, which takes all emoji for one. docs/runbook.md says how to change over to {LINGUISTIC}."
            for found in collations.blurred(own, replicated_models())
        ]
    finally:
        own.close()


def console_script(name: NodeName) -> str:
    """Return what `set_up` and `link` do to a node, as a script for the mariadb client."""
    return install.console_script(name, conf(), replicated_models())


def check(names: Sequence[NodeName]) -> list[Finding]:
    """How every object stands on each of the nodes; migrations that a node lacks are MISSING."""
    models = replicated_models()
    found = []
    for name in names:
        own = connect(name).connection
        found += install.findings(own, models)
        found += [
            Finding(name, "MIGRATION", ".".join(key), Status.MISSING) for key in migration_record.pending(own)
        ]
    return found


def begin(nodes: Nodes, lease_seconds: float) -> Promotion | None:
    """Give a cluster whose nodes are all set up a primary, when none takes writes. None when one does.

    A new cluster begins with Main; one that was stopped resumes with its last primary.
    """
    if observe(nodes).primary is not None:
        return None
    return resume_primary(nodes, reason="The cluster was set up.", lease_seconds=lease_seconds)
