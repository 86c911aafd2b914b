"""The title catalogue as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TitlesApp(AppConfig):
    """Registers the catalogue's models, admin and commands, and keeps its roles."""

    name = "titles"
    verbose_name = "Titles"

    def ready(self) -> None:
        """After `migrate` the roles are there, as Django's own permissions are."""
        from titles.roles import make_roles

        post_migrate.connect(make_roles, sender=self)
