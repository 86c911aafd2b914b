"""The library as a Django app."""

from django.apps import AppConfig


class LibraryApp(AppConfig):
    """For tests alone."""

    name = "tests.harness.library"
    label = "library"
