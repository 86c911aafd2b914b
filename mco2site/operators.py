"""The operators' admin of this project: the cluster's pages, and the drills of a checkout."""

from django.urls import URLPattern, path

from cluster.views.site import OperatorsSite
from mco2site import drills


class Operators(OperatorsSite):
    """With drills."""

    def extra_urls(self) -> list[URLPattern]:
        """Return the cluster's pages, then the drills'."""
        return [
            *super().extra_urls(),
            path("drills/", self.admin_view(drills.drills), name="drills"),
            path("drills/compare/", self.admin_view(drills.compare), name="compare_drills"),
            path("drills/now/", self.admin_view(drills.now_part), name="drills_now"),
            path("drills/start/", self.admin_view(drills.start), name="start_drill"),
            path("drills/stop/", self.admin_view(drills.stop), name="stop_drill"),
        ]
