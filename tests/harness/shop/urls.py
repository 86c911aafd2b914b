"""The shop's addresses."""

from django.urls import path

from tests.harness.shop.views import order

urlpatterns = [path("order/", order)]
