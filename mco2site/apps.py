"""The site as a Django app."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class SiteApp(AppConfig):
    """Has the commands of the local stack."""

    default = True
    name = "mco2site"

    def ready(self) -> None:
        """Load Celery's app, which makes it the one that every task belongs to."""
        from mco2site import celery  # noqa: F401


class OperatorsConfig(admin.AdminConfig):
    """The admin, with the operators' dashboard."""

    default = False
    default_site = "mco2site.operators.Operators"
