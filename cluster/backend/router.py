"""Where Django reads and writes: replicated models on the nodes, all else on the control database."""

from django.db.models import Model

from cluster.backend import view
from cluster.backend.context import NODES, bound_node, last_write
from cluster.replicated import has_replicated, is_replicated, is_replicated_label


class ClusterRouter:
    """Django's database router for a site whose tables live on three nodes. It asks no server."""

    def db_for_read(self, model: type[Model], **hints: object) -> str | None:
        """The primary for replicated models, or a replica that is fresh enough (CLUSTER_READ_FROM)."""
        if not is_replicated(model):
            return None
        return (bound_node() or view.shared().reader(last_write())).value

    def db_for_write(self, model: type[Model], **hints: object) -> str | None:
        """The primary for replicated models; inside a transaction on a node, that node."""
        if not is_replicated(model):
            return None
        return (bound_node() or view.shared().primary()).value

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool | None:
        """Rows of any two nodes may refer to each other: they are the same rows."""
        return True if is_replicated(type(one)) and is_replicated(type(other)) else None

    def allow_migrate(
        self,
        db: str,
        app_label: str,
        model_name: str | None = None,
        *,
        model: type[Model] | None = None,
        **hints: object,
    ) -> bool | None:
        """Replicated models on the nodes, all others on the control database.

        An operation that names no model (RunPython, RunSQL) belongs to the nodes where its app has replicated
        models; `migrate` runs it once, on the primary.
        """
        label = (
            model._meta.label if model is not None else f"{app_label}.{model_name}" if model_name else None
        )
        on_nodes = is_replicated_label(label) if label else has_replicated(app_label)
        return on_nodes if db in NODES else not on_nodes
