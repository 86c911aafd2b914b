"""The transaction log of each node in pages, and a page for each transaction: what it changed, and where it is.

Filters stay: without any in its address the page goes on with those that this browser used last. A set of them can be
saved under a name, for every operator.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from cluster.actions.reports.receipt import receipt
from cluster.models import SavedView
from cluster.nodes.cluster import connect
from cluster.nodes.log import browsing
from cluster.nodes.log.browsing import Page, Wanted
from cluster.nodes.log.images import DECODER
from cluster.protocol.entries import Entry
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models
from cluster.views.permissions import actor, require
from cluster.views.seen import seen

SECONDS = 2.0
"""Seconds that the node may take."""
MOST_ENTRIES = 200
FILTERS = "log_filters"
"""The cookie with the filters that were used last."""
REMEMBERED = 30 * 86_400
LONGEST_NAME = 64
SOURCES = [name.source for name in NodeName if name is not NodeName.NODE_B] + [
    "MAIN_PROMOTION", "NODE_A_PROMOTION",
]  # fmt: skip


def choices(values: list[str]) -> list[tuple[str, str]]:
    """Any, or one of these."""
    return [("", "any"), *((value, value) for value in values)]


class LogForm(forms.Form):
    """What to search for."""

    node = forms.ChoiceField(
        choices=[("", "the primary"), *((name.value, name.label) for name in NodeName)], required=False
    )
    source = forms.ChoiceField(choices=choices(SOURCES), required=False, label="Written by")
    operation = forms.ChoiceField(
        choices=choices(["INSERT", "UPDATE", "DELETE", "PROMOTION"]), required=False
    )
    table = forms.ChoiceField(required=False)
    record = forms.CharField(required=False, help_text="with a table")
    epoch = forms.IntegerField(required=False, min_value=1)
    transaction = forms.CharField(required=False)
    until = forms.DateTimeField(
        required=False, label="Up to (UTC)", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        table: Any = self.fields["table"]
        table.choices = choices([model._meta.db_table for model in replicated_models()])

    @property
    def wanted(self) -> Wanted:
        """The form as the log takes it."""
        given = {
            key: value
            for key, value in self.cleaned_data.items()
            if key != "node" and value not in (None, "")
        }
        if isinstance(given.get("until"), datetime):
            given["until"] = given["until"].astimezone(UTC)
        return Wanted(**given)


@dataclass(frozen=True)
class Field:
    """One column of an entry, before and after."""

    name: str
    before: Any
    after: Any

    @property
    def changed(self) -> bool:
        """Whether the entry changed it."""
        return bool(self.before != self.after)


def fields(entry: Entry) -> list[Field]:
    """Return the columns of an entry's images, those that it changed first."""
    before = DECODER.decode(entry.old_value) if entry.old_value else {}
    after = DECODER.decode(entry.new_value) if entry.new_value else {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    found = [Field(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]
    return sorted(found, key=lambda field: not field.changed)


def may_view(request: HttpRequest) -> None:
    """Require the permission. Raises PermissionDenied."""
    require(request, "view_logentry", "see the log")


def log(request: HttpRequest) -> HttpResponse:
    """Show a page of one node's log."""
    may_view(request)
    if not request.GET and (kept := filters(request.COOKIES.get(FILTERS, ""))):
        return HttpResponseRedirect(f"?{kept}")
    form = LogForm(request.GET)
    query = filters(request.GET.urlencode())
    context: dict[str, Any] = {
        "title": "Transaction log", "form": form, "query": query, "views": SavedView.objects.all(),
    }  # fmt: skip
    if form.is_valid():
        observed = seen()
        chosen = form.cleaned_data["node"] or (
            observed.primary.name.value if observed.primary else NodeName.NODE_A.value
        )
        context |= {"node": NodeName(chosen)} | found(NodeName(chosen), form.wanted)
        if page := context.get("page"):
            context["older"] = older(request, page, chosen)
            context["entries"] = [
                (entry, [one for one in fields(entry) if one.changed]) for entry in page.entries
            ]
    answer = render(request, "cluster/log.html", admin.site.each_context(request) | context)
    if form.is_valid():
        answer.set_cookie(
            FILTERS, query, max_age=REMEMBERED, path=reverse("admin:log"), httponly=True, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
    return answer


def filters(query: str) -> str:
    """Return the filters of an address, without the empty ones and the place in the log; nothing else gets through."""
    asked = QueryDict(query)
    names = [name for name in LogForm.base_fields if name != "before"]
    return urlencode({name: asked[name] for name in names if asked.get(name)})


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name, in place of what had it."""
    may_view(request)
    name, query = request.POST.get("name", "").strip(), filters(request.POST.get("query", ""))
    if not name or len(name) > LONGEST_NAME:
        messages.error(request, "Give the view a name of 1 to 64 characters.")
    elif not query:
        messages.error(request, "Choose a filter first: a view without any would show everything.")
    else:
        SavedView.objects.update_or_create(name=name, defaults={"query": query, "actor": actor(request)})
        messages.success(request, f"View {name} is saved.")
    return HttpResponseRedirect(f"{reverse('admin:log')}?{query or 'node='}")


@require_POST
def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a view."""
    may_view(request)
    for view in SavedView.objects.filter(pk=pk):
        view.delete()
        messages.success(request, f"View {view.name} is removed.")
    return HttpResponseRedirect(reverse("admin:log"))


def found(name: NodeName, wanted: Wanted) -> dict[str, Any]:
    """Return the page, or why there is none."""
    node = connect(name, timeout=SECONDS)
    try:
        return {"page": browsing.page(node.connection, wanted)}
    except ClusterError as error:
        return {"problem": str(error)}
    finally:
        node.close()


def older(request: HttpRequest, page: Page, node: str) -> str:
    """Return the address of the next page; empty at the end."""
    if page.older is None:
        return ""
    return "?" + urlencode({**request.GET.dict(), "node": node, "before": page.older})


def transaction(request: HttpRequest, transaction_id: str) -> HttpResponse:
    """Show all entries of a transaction, and which nodes have it."""
    may_view(request)
    found = receipt(transaction_id)
    context = {
        "title": "Transaction", "receipt": found,
        "entries": [(entry, fields(entry)) for entry in entries_of(transaction_id)], "most": MOST_ENTRIES,
    }  # fmt: skip
    return render(request, "cluster/transaction.html", admin.site.each_context(request) | context)


def entries_of(transaction_id: str) -> list[Entry]:
    """Return the entries of the first node that answers and has it."""
    for name in NodeName:
        node = connect(name, timeout=SECONDS)
        try:
            if entries := browsing.of_transaction(node.connection, transaction_id, MOST_ENTRIES):
                return entries
        except ClusterError:
            continue
        finally:
            node.close()
    return []
