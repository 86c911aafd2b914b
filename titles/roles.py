"""The roles of the site: what each may do, each more than the one before.

They are groups of the control database, made whenever it is migrated. A role has at least these permissions;
who wants it otherwise makes a group of another name.
"""

from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as installed
from django.db import router

VIEWER = ["titles.view_title", "titles.view_titlestatistics"]
EDITOR = [*VIEWER, "titles.add_title", "titles.change_title", "titles.delete_title"]
CURATOR = [*EDITOR, "titles.revert_title", "titles.import_title"]
OPERATOR = [
    *CURATOR,
    "cluster.view_logentry",
    "cluster.view_nodesetting",
    "cluster.view_event",
    "cluster.view_orphanedtransaction",
    "cluster.promote",
    "cluster.force_promote",
    "cluster.recover",
    "cluster.demote",
    "cluster.switchover",
    "cluster.automation",
    "cluster.verify",
    "cluster.repair",
    "cluster.rebuild",
    "cluster.decide_orphans",
    "cluster.drill",
]
ROLES = {"viewer": VIEWER, "editor": EDITOR, "curator": CURATOR, "operator": OPERATOR}


def make_roles(using: str, apps: Apps = installed, **_kwargs: object) -> None:
    """Make the groups and give them their permissions, in the database that keeps users; idempotent."""
    try:
        group_model = apps.get_model("auth", "Group")
    except LookupError:  # only other apps are migrated so far
        return
    if not router.allow_migrate_model(using, group_model):
        return
    for role, names in ROLES.items():
        group, _ = group_model.objects.using(using).get_or_create(name=role)
        group.permissions.add(*(found for name in names for found in permissions(using, apps, name)))


def permissions(using: str, apps: Apps, name: str) -> Any:
    """Return the permission `app.codename`; none before the `migrate` that makes it."""
    app_label, codename = name.split(".")
    return (
        apps.get_model("auth", "Permission")
        .objects.using(using)
        .filter(content_type__app_label=app_label, codename=codename)
    )
