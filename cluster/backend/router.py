"""Where Django reads and writes: replicated models on the cluster, all else on the control database."""

from django.db import connections
from django.db.models import Model

from cluster.backend import view
from cluster.backend.context import ALIASES, bound_alias, last_write
from cluster.backend.creation import is_test_database
from cluster.conf import CLUSTER_ALIAS, CONTROL_ALIAS, conf
from cluster.replicated import has_replicated, is_replicated, is_replicated_label


class ClusterRouter:
    """Django's database router for a site whose tables live on three nodes. It asks no server."""

    def db_for_read(self, model: type[Model], **hints: object) -> str | None:
        """The cluster for replicated models, or a replica that is fresh enough (CLUSTER_READ_FROM)."""
        if not is_replicated(model):
            return CONTROL_ALIAS
        return bound_alias() or replica() or CLUSTER_ALIAS

    def db_for_write(self, model: type[Model], **hints: object) -> str | None:
        """The cluster for replicated models; inside a transaction on one node, that node."""
        return (bound_alias() or CLUSTER_ALIAS) if is_replicated(model) else CONTROL_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool | None:
        """Rows of any two nodes may refer to each other: they are the same rows."""
        # An instance may be a lazy one: only its options say which model it is of.
        return True if is_replicated(one._meta.model) and is_replicated(other._meta.model) else None

    def allow_migrate(
        self,
        db: str,
        app_label: str,
        model_name: str | None = None,
        *,
        model: type[Model] | None = None,
        **hints: object,
    ) -> bool | None:
        """Replicated models on the cluster, all others on the control database; other databases are not ours.

        An operation that names no model (RunPython, RunSQL) belongs to the cluster where its app has replicated
        models; `migrate` runs it once, on the primary.
        """
        if db != CONTROL_ALIAS and db not in ALIASES:
            return None
        label = (
            model._meta.label if model is not None else f"{app_label}.{model_name}" if model_name else None
        )
        on_nodes = is_replicated_label(label) if label else has_replicated(app_label)
        return on_nodes if db in ALIASES else not on_nodes


def replica() -> str | None:
    """Return the node to read from where replicas are read and one is fresh enough."""
    if conf().read_from != "replicas" or is_test_database(connections[CLUSTER_ALIAS].settings_dict):
        return None
    shared = view.shared()
    primary = shared.current().primary
    if primary is None:  # the cluster's own alias reads on from whoever holds most
        return None
    found = shared.reader(last_write())
    return None if found is primary.name else found.value
