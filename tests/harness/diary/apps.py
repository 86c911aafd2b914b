"""The diary as a Django app."""

from django.apps import AppConfig


class DiaryApp(AppConfig):
    """For tests alone."""

    name = "tests.harness.diary"
    label = "diary"
    default_auto_field = "django.db.models.BigAutoField"
