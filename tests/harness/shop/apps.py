"""The shop as a Django app."""

from django.apps import AppConfig


class ShopApp(AppConfig):
    """For tests alone."""

    name = "tests.harness.shop"
    label = "shop"
