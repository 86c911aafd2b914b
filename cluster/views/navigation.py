"""Where an operator can go from every page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from cluster.actions.operations.verbs import VERBS
from cluster.protocol.names import NodeName


def links(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links; verbs that the user may not use are left out."""
    user: Any = request.user
    verbs = [verb for verb in VERBS.values() if user.has_perm(f"cluster.{verb.permission}")]
    return [
        {
            "title": "Cluster",
            "items": [
                item("Dashboard", "dashboard", "admin:index"),
                *(item(name.label, "database", "admin:node", name) for name in NodeName),
                item("Failovers", "swap_horiz", "admin:failovers"),
                item("Events", "history", "admin:cluster_event_changelist"),
                item("Transaction log", "list_alt", "admin:log"),
                item("Orphaned transactions", "move_to_inbox", "admin:orphans"),
                item("Configuration", "settings", "admin:cluster_nodesetting_changelist"),
            ],
        },
        {"title": "Verbs", "items": [item(verb.title, "bolt", "admin:verb", verb.name) for verb in verbs]},
    ]


def item(title: str, icon: str, address: str, *arguments: str) -> dict[str, Any]:
    """One link."""
    return {"title": title, "icon": icon, "link": reverse(address, args=arguments)}
