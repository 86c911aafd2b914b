"""The cluster as a Django app."""

from django.apps import AppConfig


class ClusterApp(AppConfig):
    """Registers the cluster's commands, models and checks."""

    name = "cluster"
    verbose_name = "Cluster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the checks, which registers them."""
        from cluster import checks  # noqa: F401
