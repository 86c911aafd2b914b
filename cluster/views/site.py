"""The admin as operators know it: the dashboard, pages for nodes and verbs, the cluster's state on every page."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from cluster.models import Operator
from cluster.views import addresses, dashboard, failovers, log, nodes, orphans, sign_in, verbs, window
from cluster.views.seen import observed_or_nothing

COLOURS = {"good": "success", "warning": "warning", "bad": "danger"}

relaxed: Any = csp_update({"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]})
"""The admin's own library works with expressions in attributes. Files still come from this site alone."""


class OperatorsSite(UnfoldAdminSite):
    """The admin."""

    index_template = "cluster/dashboard.html"
    index_title = "Dashboard"
    login_form = sign_in.SignInForm

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Wrap as Django's does, with the policy that its scripts need."""
        return relaxed(super().admin_view(view, cacheable))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page knows, with the icon of the site."""
        icon = {"rel": "icon", "type": "image/svg+xml", "href": static("cluster/icon.svg")}
        return super().each_context(request) | {"site_favicons": [icon]}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign in: operators' own accounts need the control database alone, the site's users where they live."""
        return relaxed(sign_in.as_operator(super().login))(request, extra_context)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out."""
        user: Any = request.user
        if isinstance(user, Operator):
            return sign_in.operator_signs_out(request)
        return super().logout(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change one's own password."""
        user: Any = request.user
        if not isinstance(user, Operator):
            return super().password_change(request, extra_context)
        context = self.each_context(request) | (extra_context or {})
        return sign_in.OperatorPassword.as_view(extra_context=context)(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Return the dashboard."""
        more = dashboard.now_context(request) | dashboard.hour_context(window.chosen(request.GET))
        return super().index(request, more | (extra_context or {}))

    def extra_urls(self) -> list[URLPattern]:
        """Return the pages that show no model."""
        addresses.register()
        return [
            path("badge/", self.admin_view(badge_part), name="badge"),
            path("now/", self.admin_view(dashboard.now_part), name="now"),
            path("hour/", self.admin_view(dashboard.hour_part), name="hour"),
            path("nodes/<node:name>/", self.admin_view(nodes.node), name="node"),
            path("nodes/<node:name>/now/", self.admin_view(nodes.now_part), name="node_now"),
            path("nodes/<node:name>/server/", self.admin_view(nodes.server_part), name="node_server"),
            path("verbs/<slug:name>/", self.admin_view(verbs.dialog), name="verb"),
            path("verbs/<slug:name>/<node:node>/", self.admin_view(verbs.dialog), name="verb_node"),
            path("failovers/", self.admin_view(failovers.failovers), name="failovers"),
            path("failovers/<int:pk>/", self.admin_view(failovers.failover), name="failover"),
            path("log/", self.admin_view(log.log), name="log"),
            path("log/views/", self.admin_view(log.save_view), name="save_view"),
            path("log/views/<int:pk>/remove/", self.admin_view(log.remove_view), name="remove_view"),
            path("transactions/<str:transaction_id>/", self.admin_view(log.transaction), name="transaction"),
            path("orphans/", self.admin_view(orphans.inbox), name="orphans"),
            path("orphans/decide/", self.admin_view(orphans.decide), name="decide_orphans"),
            path("orphans/queue/", self.admin_view(orphans.queue), name="orphan_queue"),
            path("orphans/<str:orphan_id>/", self.admin_view(orphans.orphan), name="orphan"),
            path("jobs/<int:pk>/", self.admin_view(verbs.job), name="job"),
            path("jobs/<int:pk>/now/", self.admin_view(verbs.job_part), name="job_now"),
        ]


def badge(request: HttpRequest) -> list[str]:
    """Primary, epoch and health, at the top of every page."""
    if not request.user.is_authenticated:
        return ["mco2", "info"]
    observed = observed_or_nothing()
    who = observed.primary.label if observed.primary and not observed.stale else "no primary known"
    return [f"{who} · epoch {observed.epoch} · {observed.state}", COLOURS[observed.severity]]


def badge_part(request: HttpRequest) -> HttpResponse:
    """Show the badge alone, fetched again and again by every page."""
    return render(request, "cluster/parts/badge.html", {"environment": badge(request)})
