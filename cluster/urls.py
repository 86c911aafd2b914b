"""Addresses for machines."""

from django.urls import path

from cluster.views import addresses, machines

addresses.register()
app_name = "cluster"
urlpatterns = [
    path("cluster/health/<node:name>/primary", machines.health, {"wanted": "primary"}, name="primary"),
    path("cluster/health/<node:name>/replica", machines.health, {"wanted": "replica"}, name="replica"),
    path("cluster/health/<node:name>/live", machines.health, {"wanted": "live"}, name="live"),
    path("cluster/status.json", machines.status, name="status"),
    path("metrics", machines.metrics, name="metrics"),
]
