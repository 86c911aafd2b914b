"""Where Django reads and writes: replicated models on the primary, all else on the control database."""

from typing import Any

from django.db.models import Model

from cluster.nodes.primary import primary_alias
from cluster.protocol.names import NodeName
from cluster.replicated import is_replicated

CONTROL = "default"
NODES = frozenset(name.value for name in NodeName)


class ClusterRouter:
    """Django's database router for a site whose tables live on three nodes."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """The primary for replicated models."""
        return primary_alias() if is_replicated(model) else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """The primary for replicated models."""
        return primary_alias() if is_replicated(model) else None

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        """Control tables on the control database; setup_nodes makes what is replicated on the nodes."""
        if db in NODES:
            return False
        model = hints.get("model")
        return not (model is not None and is_replicated(model))
