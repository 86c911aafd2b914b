"""The side of every page of the admin: the cluster, what can be done with it, and the site."""

from typing import Any

from django.http import HttpRequest

from cluster.views.navigation import item, links


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links."""
    site = [
        item("Drills", "local_fire_department", "admin:drills"),
        item("Titles", "movie", "admin:titles_title_changelist"),
        item("Users", "person", "admin:auth_user_changelist"),
        item("Groups", "group", "admin:auth_group_changelist"),
    ]
    return [*links(request), {"title": "Site", "items": site}]
