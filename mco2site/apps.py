"""The site as a Django app."""

from django.apps import AppConfig


class SiteApp(AppConfig):
    """Has the commands of the local stack."""

    name = "mco2site"

    def ready(self) -> None:
        """Loading Celery's app makes it the one that every task belongs to."""
        from mco2site import celery  # noqa: F401
