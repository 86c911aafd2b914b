"""Django's system checks: what would go wrong later is said at the start, with a stable id."""

import re
from collections.abc import Iterable, Sequence

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db.models import Field, Model

from cluster.conf import CLUSTER_ALIAS, conf
from cluster.nodes.cluster import connect
from cluster.nodes.schema.object_names import LONGEST_NAME
from cluster.nodes.schema.requirements import has_time_zones, unmet
from cluster.nodes.schema.shape import KEY_LENGTH, expression, key_fields, stored_fields
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.replicated import EVERYTHING, is_replicated, is_replicated_label, replicated_models

NUMBER_LENGTH = 20
"""Characters of a key that is no text."""


ENGINE = "cluster.backend"
ROUTER = "cluster.backend.router.ClusterRouter"
OPERATORS = "cluster.operators.OperatorAccounts"


@register()
def check_settings(app_configs: Sequence[object] | None, **options: object) -> list[CheckMessage]:
    """Without the engine and the router, rows would be written past the log, in silence."""
    wrong = [name for name in (CLUSTER_ALIAS, *NodeName) if settings.DATABASES[name]["ENGINE"] != ENGINE]
    found: list[CheckMessage] = [
        Error(
            f'DATABASES["{name}"] is not of the ENGINE "{ENGINE}".',
            hint="Nobody else waits for the second node.",
            id="cluster.E007",
        )
        for name in wrong
    ]
    if ROUTER not in settings.DATABASE_ROUTERS:
        hint = "Tables of the control database and of the cluster are distinguished by it."
        found.append(Error(f'DATABASE_ROUTERS lacks "{ROUTER}".', hint=hint, id="cluster.E008"))
    return found


@register()
def check_sign_in(app_configs: Sequence[object] | None, **options: object) -> list[CheckMessage]:
    """Warn that, where users are replicated, operators sign in by accounts of their own while no node answers."""
    if not is_replicated_label(settings.AUTH_USER_MODEL) or OPERATORS in settings.MIDDLEWARE:
        return []
    return [
        Warning(
            "The site's users are replicated: with every node dead nobody could sign in on the operators' pages.",
            hint=f'Add "{OPERATORS}" to MIDDLEWARE after AuthenticationMiddleware, and run create_operator.',
            id="cluster.W003",
        )
    ]


@register(Tags.models)
def check_models(app_configs: Sequence[object] | None, **options: object) -> list[CheckMessage]:
    """Check that every replicated model exists and is one whose rows survive the trip."""
    unknown = [name for name in conf().replicated_models if not is_known(name)]
    if unknown:
        return [
            Error(f"CLUSTER_REPLICATED_MODELS names {name}, which is not installed.", id="cluster.E001")
            for name in unknown
        ]
    return [
        *(message for model in replicated_models() for message in problems(model)),
        *(message for model in apps.get_models(include_auto_created=True) for message in dangling(model)),
    ]


def is_known(name: str) -> bool:
    """Return whether a name of CLUSTER_REPLICATED_MODELS is that of an installed application or model."""
    name = name.removeprefix("-")
    try:
        apps.get_model(name) if "." in name else name == EVERYTHING or apps.get_app_config(name.lower())
    except LookupError:
        return False
    return True


def dangling(model: type[Model]) -> Iterable[CheckMessage]:
    """Check that no row of the control database refers to a table that is on the nodes."""
    if is_replicated(model) or not model._meta.managed or model._meta.swapped:
        return
    for field in model._meta.local_fields:
        target = field.related_model
        if isinstance(target, type) and is_replicated(target) and getattr(field, "db_constraint", True):
            yield Error(
                f"{model._meta.label}.{field.name} refers to {target._meta.label}, which is replicated, and "
                f"{model._meta.label} is not.",
                hint=f"Add {model._meta.label} to CLUSTER_REPLICATED_MODELS, or set db_constraint=False.",
                id="cluster.E006",
            )


def problems(model: type[Model]) -> Iterable[CheckMessage]:
    """Return what is wrong with one replicated model."""
    for field in stored_fields(model):
        try:
            expression(field)
        except ValueError as error:
            yield Error(
                str(error), hint="Use another field type or don't replicate the model.", id="cluster.E002"
            )
        yield from reference_problems(field)
    keys = key_fields(model)
    if key_length(keys) > KEY_LENGTH:
        names = ", ".join(field.name for field in keys)
        yield Error(
            f"{model._meta.label}.{names} is a key of up to {key_length(keys)} characters; "
            f"the log identifies a row by at most {KEY_LENGTH}.",
            id="cluster.E004",
        )
    table = model._meta.db_table
    if len(table) > LONGEST_NAME or re.fullmatch(r"\w+", table, re.ASCII) is None:
        yield Error(
            f"{model._meta.label} has the table {table}; the name of a replicated table has at most "
            f"{LONGEST_NAME} letters, digits and underscores, since its triggers are named after it.",
            hint="Set Meta.db_table.",
            id="cluster.E005",
        )


def key_length(keys: Sequence[Field]) -> int:
    """Characters of a record id at most: the value, or those of several columns quoted in a JSON array."""
    if len(keys) == 1:
        return keys[0].max_length or 0
    return sum((field.max_length or NUMBER_LENGTH) + len('"", ') for field in keys)


def reference_problems(field: Field) -> Iterable[CheckMessage]:
    """Check that no row on the nodes refers to a table that is not there."""
    target = field.related_model
    if isinstance(target, type) and not is_replicated(target):
        yield Error(
            f"{field.model._meta.label}.{field.name} refers to {target._meta.label}, "
            "which is not replicated.",
            hint=f"Add {target._meta.label} to CLUSTER_REPLICATED_MODELS.",
            id="cluster.E003",
        )


@register(Tags.database)
def check_servers(databases: Sequence[str] | None, **options: object) -> list[CheckMessage]:
    """Check the settings of the nodes that the promises rest on; asked with `check --database NODE`."""
    names = [name for name in NodeName if name.value in (databases or ())]
    return [message for name in names for message in server_problems(name)]


def server_problems(name: NodeName) -> Iterable[CheckMessage]:
    """Return what is wrong with one server's settings."""
    node = connect(name, timeout=2.0)
    try:
        for otherwise in unmet(node.connection):
            yield Warning(f"{name.label}: {otherwise}.", id="cluster.W001")
        if settings.USE_TZ and not has_time_zones(node.connection):
            yield Warning(
                f"{name.label} knows no time zones: outside UTC, lookups by date find nothing.",
                hint="mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb -u root mysql, on the node's own machine.",
                id="cluster.W004",
            )
    except (NodeUnreachable, NodeFailed) as error:
        yield Warning(f"{name.label}'s settings were not checked: {error}", id="cluster.W002")
    finally:
        node.close()
