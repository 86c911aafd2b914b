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
    return is_replicated_label(model._meta.label)


def is_replicated_label(label: str) -> bool:
    """The same for `app.Model`, in whatever case."""
    return label.lower() in {known.lower() for known in replicated_labels()}


def has_replicated(app: str) -> bool:
    """Whether an app has replicated models."""
    return app in replicated_apps()


def replicated_apps() -> set[str]:
    """The apps that have replicated models."""
    return {label.split(".")[0] for label in replicated_labels()}
