"""The trial as a Django app."""

from django.apps import AppConfig


class TrialApp(AppConfig):
    """For tests alone."""

    name = "tests.apps.trial"
    label = "trial"
