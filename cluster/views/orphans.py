"""The inbox of orphaned transactions: what was orphaned, in three images, and the operator's decision."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from cluster.actions.events import journal
from cluster.actions.operations.orphan_decisions import (
    Decided,
    dismiss,
    listed,
    reapply,
    reopen,
    shapes,
    show,
)
from cluster.conf import conf
from cluster.nodes.cluster import connect_all
from cluster.nodes.log.orphan import DISMISSED, PENDING, REAPPLIED
from cluster.protocol.errors import ClusterError
from cluster.views.permissions import actor, require

WHAT = "do this with orphaned transactions"
SECONDS = 2.0
LISTED = 200
COLUMN, SHOWN = "column-", "shown-"
"""Begin the names of the fields in which a row is edited, and of what they showed at first."""


class DecisionForm(forms.Form):
    """What is to become of them, and why."""

    verb = forms.ChoiceField(
        choices=[(verb, verb) for verb in ("reapply", "force", "edit", "dismiss", "reopen")]
    )
    ids = forms.MultipleChoiceField()
    reason = forms.CharField(required=False, max_length=255)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        ids: Any = self.fields["ids"]
        ids.choices = [(one, one) for one in data.getlist("ids")]

    def clean(self) -> dict[str, Any]:
        """Require a reason to dismiss."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("verb") == "dismiss" and not cleaned.get("reason"):
            self.add_error("reason", "Say why: it is kept with them.")
        return cleaned


def inbox(request: HttpRequest) -> HttpResponse:
    """Show those that wait, or all of a status."""
    require(request, "view_orphanedtransaction", WHAT)
    status = request.GET.get("status", PENDING)
    status = status if status in (PENDING, REAPPLIED, DISMISSED) else PENDING
    context: dict[str, Any] = {"title": "Orphaned transactions", "status": status}
    nodes = connect_all(timeout=SECONDS)
    try:
        found, total = listed(nodes, status, LISTED)
        context |= {"orphans": found, "total": total}
    except ClusterError as error:
        context["problem"] = str(error)
    finally:
        for node in nodes.values():
            node.close()
    return render(request, "cluster/orphans.html", admin.site.each_context(request) | context)


def orphan(request: HttpRequest, orphan_id: str) -> HttpResponse:
    """Show one of them: the row before, after the orphaned write, and now."""
    require(request, "view_orphanedtransaction", WHAT)
    context: dict[str, Any] = {"title": "Orphaned transaction"}
    nodes = connect_all(timeout=SECONDS)
    try:
        context["shown"] = shown = show(nodes, orphan_id)
        key = {column.name for column in shapes()[shown.orphan.table_name].key}
        alone = not shown.together and shown.orphaned is not None
        context["editable"] = [line for line in shown.lines if line.column not in key] if alone else []
    except ClusterError as error:
        context["problem"] = str(error)
    finally:
        for node in nodes.values():
            node.close()
    return render(request, "cluster/orphan.html", admin.site.each_context(request) | context)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Decide on some of them; a sentence for each transaction."""
    require(request, "decide_orphans", WHAT)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    else:
        with journal.acting_as(actor(request)):
            report(request, form.cleaned_data | {"edited": edited(request)})
    return HttpResponseRedirect(reverse("admin:orphans"))


def report(request: HttpRequest, decision: dict[str, Any]) -> None:
    """Do it and say what came of it."""
    nodes = connect_all(timeout=5.0)
    try:
        for outcome in outcomes(nodes, decision):
            (messages.success if outcome.done else messages.error)(request, outcome.sentence)
    except ClusterError as error:
        messages.error(request, str(error))
    finally:
        for node in nodes.values():
            node.close()


def outcomes(nodes: Any, decision: dict[str, Any]) -> list[Decided]:
    """Run the action that was chosen. Raises ClusterError."""
    verb, ids, seconds = decision["verb"], decision["ids"], conf().lease_seconds
    if verb == "dismiss":
        return dismiss(nodes, ids, lease_seconds=seconds, reason=decision["reason"])
    if verb == "reopen":
        return reopen(nodes, ids, lease_seconds=seconds)
    changes = decision["edited"] if verb == "edit" else None
    return reapply(nodes, ids, lease_seconds=seconds, force=verb in ("force", "edit"), edited=changes)


def edited(request: HttpRequest) -> dict[str, str | None]:
    """Return the columns that were typed otherwise than they stood there. The word NULL stands for none."""
    changes: dict[str, str | None] = {}
    for name, value in request.POST.items():
        column = name.removeprefix(COLUMN)
        if column != name and value != request.POST.get(f"{SHOWN}{column}"):
            changes[column] = None if value == "NULL" else str(value)
    return changes
