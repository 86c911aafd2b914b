"""Which models are replicated: those that CLUSTER_REPLICATED_MODELS names, what belongs to them, and the cluster's own.

`app.Model` names one model, `app` all of an application, `*` all there are; `-app.Model` and `-app` take some out.
What names one model counts more than what names an application. To a model belong its parents in multi-table
inheritance and the tables of its many-to-many fields; a proxy is where its model is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

from django.apps import apps
from django.db.models import Model

from cluster.conf import conf

OWN = "cluster.OrphanedTransaction"
OWN_APP = "cluster"
EVERYTHING = "*"


@dataclass(frozen=True)
class Selection:
    """The names of CLUSTER_REPLICATED_MODELS, in lower case, and what they come to."""

    names: tuple[str, ...]

    def takes(self, label: str) -> bool:
        """Return whether `app.model` (lower case) is named, also where there is no such model any more."""
        app = label.split(".")[0]
        if app == OWN_APP:
            return label == OWN.lower()
        if f"-{label}" in self.names:
            return False
        return label in self.names or self.takes_app(app)

    def takes_app(self, app: str) -> bool:
        """Return whether all models of an application are named."""
        return f"-{app}" not in self.names and (app in self.names or EVERYTHING in self.names)

    def models(self) -> Iterator[type[Model]]:
        """Yield the installed models that are replicated, some perhaps twice: those named one by one come first.

        Raises LookupError for a name that is no model.
        """
        for name in self.names:
            if "." in name and not name.startswith("-"):
                yield from self.with_relatives(apps.get_model(name))
        for model in apps.get_models():
            if self.takes(model._meta.label_lower) and model._meta.managed and not model._meta.swapped:
                yield from self.with_relatives(model)
        yield apps.get_model(OWN)

    def with_relatives(self, model: type[Model]) -> Iterator[type[Model]]:
        """Yield a model and what belongs to it, but for models taken out by name; the table of a field never is."""
        concrete = model._meta.concrete_model
        if concrete is None:
            return
        if f"-{concrete._meta.label_lower}" in self.names and not concrete._meta.auto_created:
            return
        for parent in concrete._meta.parents:
            yield from self.with_relatives(parent)
        yield concrete
        for field in concrete._meta.local_many_to_many:
            through: type[Model] = field.remote_field.through  # type: ignore[assignment]
            yield from self.with_relatives(through)


@cache
def replicated(names: tuple[str, ...]) -> dict[str, type[Model]]:
    """Return the replicated models by their labels in lower case, in the order in which they are set up."""
    return {model._meta.label_lower: model for model in Selection(names).models()}


def selection() -> Selection:
    """Return what the settings name."""
    return Selection(lowered(conf().replicated_models))


@cache
def lowered(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in lower case, as Django compares them."""
    return tuple(name.lower() for name in names)


def replicated_models() -> list[type[Model]]:
    """Return the replicated models. Raises LookupError for a name that is no model."""
    return list(replicated(selection().names).values())


def is_replicated(model: type[Model]) -> bool:
    """Return whether a model's rows live on the nodes, historical models of migrations included."""
    options = model._meta
    if options.proxy and options.concrete_model is not None:
        return is_replicated(options.concrete_model)
    if options.auto_created:  # the table of a many-to-many field, which may have gone from the code since
        return is_replicated(cast("type[Model]", options.auto_created))
    return is_replicated_label(options.label_lower)


def is_replicated_label(label: str) -> bool:
    """Return the same for `app.Model`, in whatever case."""
    label, named = label.lower(), selection()
    return named.takes(label) or label in replicated(named.names)


def has_replicated(app: str) -> bool:
    """Return whether an application has replicated models, or would have if it had any."""
    return app in replicated_apps()


def replicated_apps() -> frozenset[str]:
    """Return the labels of the applications of which at least one model is replicated."""
    return apps_of(selection().names)


@cache
def apps_of(names: tuple[str, ...]) -> frozenset[str]:
    """Return `replicated_apps` for these names."""
    named = Selection(names)
    every = {config.label for config in apps.get_app_configs() if named.takes_app(config.label.lower())}
    return frozenset(every | {model._meta.app_label for model in replicated(names).values()})
