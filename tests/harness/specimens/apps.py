"""The specimens as a Django app."""

from django.apps import AppConfig


class SpecimensApp(AppConfig):
    """Models for tests alone."""

    name = "tests.harness.specimens"
    label = "specimens"
