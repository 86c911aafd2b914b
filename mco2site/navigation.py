"""The side of every page of the admin: the cluster, what can be done with it, and the site."""

from typing import Any

from django.http import HttpRequest

from cluster.views.navigation import item, links


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """Return groups of links."""
    site = [
        ("cluster.drill", item("Drills", "local_fire_department", "admin:drills")),
        ("titles.view_title", item("Titles", "movie", "admin:titles_title_changelist")),
        ("auth.view_user", item("Users", "person", "admin:auth_user_changelist")),
        ("auth.view_group", item("Groups", "group", "admin:auth_group_changelist")),
    ]
    user: Any = request.user
    allowed = [link for permission, link in site if user.has_perm(permission)]
    return [*links(request), {"title": "Site", "items": allowed}]
