"""The title catalogue as a Django app."""

from django.apps import AppConfig


class TitlesApp(AppConfig):
    """Registers the catalogue's models, admin and commands."""

    name = "titles"
    verbose_name = "Titles"
