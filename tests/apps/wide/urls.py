"""The addresses of the wide trial: a shop, accounts, Django's admin."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
