"""Where an operator can go from every page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from cluster.protocol.names import NodeName
from cluster.views.seen import observed_or_nothing


def links(request: HttpRequest) -> list[dict[str, Any]]:
    """Return groups of links. Actions stand beside what they act on."""
    orphans = observed_or_nothing().orphans
    return [
        {
            "title": "Cluster",
            "items": [
                item("Dashboard", "dashboard", "admin:index"),
                *(item(name.label, "database", "admin:node", name) for name in NodeName),
                item("Failovers", "swap_horiz", "admin:failovers"),
                item("Events", "history", "admin:cluster_event_changelist"),
                item("Transaction log", "list_alt", "admin:log"),
                item(
                    f"Orphaned transactions{f' ({orphans:,})' if orphans else ''}",
                    "move_to_inbox",
                    "admin:orphans",
                ),
                item("Configuration", "settings", "admin:cluster_nodesetting_changelist"),
            ],
        },
    ]


def item(title: str, icon: str, address: str, *arguments: str) -> dict[str, Any]:
    """Return one link."""
    return {"title": title, "icon": icon, "link": reverse(address, args=arguments)}
