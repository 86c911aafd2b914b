"""Which models are replicated: those of CLUSTER_REPLICATED_MODELS and what the cluster itself needs."""

from django.apps import apps
from django.db.models import Model

from cluster.conf import conf

OWN = "cluster.OrphanedTransaction"


def replicated_labels() -> list[str]:
    """`app.Model` of each replicated model, as the settings order them, the cluster's own last."""
    return list(dict.fromkeys([*conf().replicated_models, OWN]))


def replicated_models() -> list[type[Model]]:
    """The replicated models. Raises LookupError for a label that names none."""
    return [apps.get_model(label) for label in replicated_labels()]


def is_replicated(model: type[Model]) -> bool:
    """Whether a model's rows live on the nodes, historical models of migrations included."""
    return model._meta.label_lower in {label.lower() for label in replicated_labels()}
