"""The clinic as a Django app."""

from django.apps import AppConfig


class ClinicApp(AppConfig):
    """For tests alone."""

    name = "tests.harness.clinic"
    label = "clinic"
