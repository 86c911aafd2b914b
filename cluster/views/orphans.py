"""The inbox of orphaned transactions: what was orphaned, in three images, and the operator's decision.

As a list, for many at once, and as a queue: one transaction after the other, by keys, each decision with its undo.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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
    undo,
)
from cluster.conf import conf
from cluster.nodes.cluster import connect_all
from cluster.nodes.log.orphan import DISMISSED, PENDING, REAPPLIED
from cluster.protocol.errors import ClusterError
from cluster.views.permissions import actor, require

WHAT = "do this with orphaned transactions"
SECONDS = 2.0
LISTED = 200
LAST = "-"
"""Stands for what comes after the last one in the queue."""
COLUMN, SHOWN = "column-", "shown-"
"""Begin the names of the fields in which a row is edited, and of what they showed at first."""


class DecisionForm(forms.Form):
    """What is to become of them, and why."""

    verb = forms.ChoiceField(
        choices=[(verb, verb) for verb in ("reapply", "force", "edit", "dismiss", "reopen", "undo")]
    )
    ids = forms.MultipleChoiceField()
    reason = forms.CharField(required=False, max_length=255)
    queue = forms.CharField(required=False, max_length=40)

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
    context: dict[str, Any] = {
        "title": "Orphaned transactions", "status": status, "undo": undone(request),
    }  # fmt: skip
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
    context: dict[str, Any] = {"title": "Orphaned transaction", "undo": undone(request), "last": LAST}
    nodes = connect_all(timeout=SECONDS)
    try:
        context["shown"] = shown = show(nodes, orphan_id)
        key = {column.name for column in shapes()[shown.orphan.table_name].key}
        alone = not shown.together and shown.orphaned is not None
        context["editable"] = [line for line in shown.lines if line.column not in key] if alone else []
        context["place"] = place(nodes, orphan_id)
    except ClusterError as error:
        context["problem"] = str(error)
    finally:
        for node in nodes.values():
            node.close()
    return render(request, "cluster/orphan.html", admin.site.each_context(request) | context)


@dataclass(frozen=True)
class Place:
    """Where a transaction stands among those that wait. number, total: counted from 1; 0: it does not wait."""

    number: int
    total: int
    before: str
    after: str


def place(nodes: Any, orphan_id: str) -> Place:
    """Return where an entry's transaction stands, and the ids beside it: empty at an end. Raises Refused."""
    waiting, _total = listed(nodes, PENDING, LISTED)
    own = next((one.transaction_id for one in waiting if one.id == orphan_id), None)
    firsts: dict[str, str] = {}
    for one in waiting:
        firsts.setdefault(one.transaction_id, one.id)
    ids = list(firsts.values())
    if own is None:
        return Place(0, len(ids), "", ids[0] if ids else "")
    at = list(firsts).index(own)
    return Place(at + 1, len(ids), ids[at - 1] if at else "", ids[at + 1] if at + 1 < len(ids) else "")


def queue(request: HttpRequest) -> HttpResponse:
    """Go to the transaction that has waited longest; to the list where none waits or no node answers."""
    require(request, "view_orphanedtransaction", WHAT)
    nodes = connect_all(timeout=SECONDS)
    try:
        waiting, _total = listed(nodes, PENDING, 1)
    except ClusterError:
        waiting = []
    finally:
        for node in nodes.values():
            node.close()
    return HttpResponseRedirect(
        reverse("admin:orphan", args=[waiting[0].id]) if waiting else reverse("admin:orphans")
    )


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Decide on some of them; a sentence for each transaction."""
    require(request, "decide_orphans", WHAT)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return HttpResponseRedirect(back_to(form, request.POST.get("ids", ""), done=False))
    with journal.acting_as(actor(request)):
        done = report(request, form.cleaned_data | {"edited": edited(request)})
    return HttpResponseRedirect(back_to(form, form.cleaned_data["ids"][0], done=done))


def back_to(form: DecisionForm, orphan_id: str, *, done: bool) -> str:
    """Return where a decision leads: from the queue to what waits next, with its undo; else to the list."""
    following = form.data.get("queue", "")
    if not following:
        return reverse("admin:orphans")
    if not done or form.cleaned_data["verb"] == "undo":
        return reverse("admin:orphan", args=[orphan_id])
    address = reverse("admin:orphans") if following == LAST else reverse("admin:orphan", args=[following])
    return f"{address}?{urlencode({'undo': orphan_id})}"


def report(request: HttpRequest, decision: dict[str, Any]) -> bool:
    """Do it and say what came of it. Return whether nothing was refused."""
    nodes = connect_all(timeout=5.0)
    try:
        found = outcomes(nodes, decision)
        for outcome in found:
            (messages.success if outcome.done else messages.error)(request, outcome.sentence)
        return all(outcome.done for outcome in found)
    except ClusterError as error:
        messages.error(request, str(error))
        return False
    finally:
        for node in nodes.values():
            node.close()


def outcomes(nodes: Any, decision: dict[str, Any]) -> list[Decided]:
    """Run the action that was chosen. Raises ClusterError."""
    verb, ids, seconds = decision["verb"], decision["ids"], conf().lease_seconds
    if verb == "dismiss":
        return dismiss(nodes, ids, lease_seconds=seconds, reason=decision["reason"])
    if verb == "undo":
        return undo(nodes, ids, lease_seconds=seconds)
    if verb == "reopen":
        return reopen(nodes, ids, lease_seconds=seconds)
    changes = decision["edited"] if verb == "edit" else None
    return reapply(nodes, ids, lease_seconds=seconds, force=verb in ("force", "edit"), edited=changes)


def undone(request: HttpRequest) -> str:
    """Return the entry whose decision the page offers to take back: that of the decision that led here."""
    asked = request.GET.get("undo", "")
    return asked if re.fullmatch(r"\d{1,18}-\d{1,20}", asked) else ""


def edited(request: HttpRequest) -> dict[str, str | None]:
    """Return the columns that were typed otherwise than they stood there. The word NULL stands for none."""
    changes: dict[str, str | None] = {}
    for name, value in request.POST.items():
        column = name.removeprefix(COLUMN)
        if column != name and value != request.POST.get(f"{SHOWN}{column}"):
            changes[column] = None if value == "NULL" else str(value)
    return changes
