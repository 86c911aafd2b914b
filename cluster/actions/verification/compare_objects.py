"""Compare what stands around the rows: with what set-up installs, with what the kernel needs, and node with node."""

from collections.abc import Iterable, Iterator, Mapping

from cluster.conf import conf
from cluster.nodes.cluster import endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.fan_out import FanOut
from cluster.nodes.schema import install, migration_record, requirements, surroundings
from cluster.nodes.schema.install import Status
from cluster.nodes.schema.surroundings import Facts
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models

APPLICATION_SECONDS = 5.0
RIGHTS, AND = "the rights of the application", "; "


def compare_objects(fan_out: FanOut) -> list[str]:
    """Return a sentence for each object, right or setting that is not as it should be on a node that answers.

    Raises NodeUnreachable when the reference falls silent.
    """
    alone = fan_out.ask(fan_out.names, of_one_node)
    held = fan_out.ask(fan_out.names, facts)
    wrong = [sentence for found in alone.values() for sentence in found]
    return [*wrong, *unlike_reference(held, fan_out.reference)]


def of_one_node(connection: Connection) -> list[str]:
    """Return what is wrong on a node whatever the others hold."""
    node, models = connection.node.label, replicated_models()
    found = [item for item in install.findings(connection, models) if item.status is not Status.INSTALLED]
    wrong = [
        item for item in found if item.kind != install.ADVICE
    ]  # what differs between nodes is seen there
    return [
        *(f"{node}: {item.kind.lower()} {item.name} is {item.status}; run setup_nodes." for item in wrong),
        *(
            f"{node}: migration {app}.{name} is MISSING; run migrate."
            for app, name in migration_record.pending(connection)
        ),
        *(f"{node}: {otherwise}." for otherwise in requirements.unmet(connection)),
        *(f"{node}: {reason}." for reason in requirements.refused_by_console(connection)),
        *lacking_rights(connection),
    ]  # fmt: skip


def lacking_rights(connection: Connection) -> Iterator[str]:
    """Yield each right that set-up gives and an account does not have."""
    own, application = surroundings.granted_by_set_up(connection.node, conf(), replicated_models())
    database = conf().nodes[connection.node].database
    yield from lacks(connection.node, "cluster's", own - surroundings.grants(connection, database))
    try:
        held = application_grants(connection.node)
    except NodeFailed as error:
        yield f"{connection.node.label}: the application cannot sign in: {error.reason}; run setup_nodes."
    except NodeUnreachable:
        return  # as when the application uses up its connections: nothing is known of its rights then
    else:
        yield from lacks(connection.node, "application's", application - held)


def lacks(node: NodeName, whose: str, rights: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each right that an account lacks."""
    for wrong in sorted(rights):
        yield f"{node.label}: the {whose} account lacks {wrong}; run setup_nodes."


def application_grants(node: NodeName) -> set[str]:
    """Return the rights of the application's account. Raises NodeUnreachable, NodeFailed when it cannot sign in."""
    settings = conf()
    connection = Connection(endpoint(settings, node, settings.application), timeout=APPLICATION_SECONDS)
    try:
        return surroundings.grants(connection, settings.nodes[node].database)
    finally:
        connection.close()


def facts(connection: Connection) -> Facts:
    """Return what has to be the same on each node."""
    names = [model._meta.db_table for model in replicated_models()]
    found = surroundings.tables(connection, names) | surroundings.triggers(connection)
    found |= surroundings.settings(connection)
    try:
        rights = application_grants(connection.node)
    except (NodeUnreachable, NodeFailed):  # named by `lacking_rights`
        return found
    return found | {RIGHTS: AND.join(sorted(rights))}


def unlike_reference(held: Mapping[NodeName, Facts], reference: NodeName) -> Iterator[str]:
    """Yield a sentence for each fact of a node that is not the reference's.

    What one of them lacks is left to `of_one_node`, but for what set-up does not know.
    """
    right = held[reference]
    for name in sorted(held.keys() - {reference}):
        for what in sorted(right.keys() & held[name].keys()):
            if held[name][what] != right[what]:
                yield unlike(name, what, held[name][what], right[what], reference)
        for what in sorted(held[name].keys() - right.keys()):
            if what.startswith("trigger "):
                yield f"{name.label}: {what} is not on {reference.label}."


def unlike(name: NodeName, what: str, found: str, right: str, reference: NodeName) -> str:
    """Return how a fact of a node is not the reference's."""
    if what.startswith("setting "):
        return f"{name.label}: {what} is {found!r}, on {reference.label} it is {right!r}."
    if what == RIGHTS:
        apart = set(found.split(AND)) ^ set(right.split(AND))
        return f"{name.label}: {RIGHTS} are not as on {reference.label}: {AND.join(sorted(apart))}."
    return f"{name.label}: {what} is not as on {reference.label}."
