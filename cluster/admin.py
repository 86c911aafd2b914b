"""What Django's admin shows: events, and the configuration and rows of each node.

The log and the orphaned transactions have pages of their own, in cluster.views.

Rows of a node are read from that node: a filter on the page chooses it, the primary is the default. Verbs
are commands; no field is edited here.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import parse_qs

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from cluster.backend import NoPrimary
from cluster.backend.view import primary_alias
from cluster.models import Event, NodeSetting
from cluster.protocol.names import NodeName
from cluster.templatetags.moments import day

NODE = "node"
"""The parameter of a page's address that names the node whose rows it shows."""


class MoreThan(int):
    """A count that was not taken to its end, and says so where it is written."""

    def __str__(self) -> str:
        return f"more than {int(self):,}"


class BoundedPaginator(Paginator):
    """Counts at most LIMIT rows, so that a page costs the same however long the table is.

    What lies beyond is found by searching and filtering.
    """

    LIMIT = 100_000

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most LIMIT."""
        rows = cast("QuerySet[Any]", self.object_list)
        found = rows.order_by().values("pk")[: self.LIMIT + 1].count()
        return MoreThan(self.LIMIT) if found > self.LIMIT else found


class NodeFilter(admin.SimpleListFilter):
    """Which node's rows the page shows."""

    title = "node"
    parameter_name = NODE

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the three nodes by their labels."""
        return [(name.value, name.label) for name in NodeName]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the primary, whichever node that is, then each node by name."""
        first, *rest = super().choices(changelist)
        yield dict(first, display="The primary")
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows as they are: they come from the node already; see NodeRowsAdmin.get_queryset."""
        return queryset


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows and offers no way to change them."""

    actions = None
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody add here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let nobody change here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let nobody delete here."""
        return False


class NodeRowsAdmin(ReadOnlyAdmin):
    """Shows the rows that one node holds."""

    def get_list_filter(self, request: HttpRequest) -> list[object]:
        """Return the node first, then what the model offers."""
        return [NodeFilter, *super().get_list_filter(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the chosen node."""
        return super().get_queryset(request).using(chosen_node(request))

    def changelist_view(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Show the list, or why it cannot be shown."""
        return self.or_reason(
            request, lambda: super(NodeRowsAdmin, self).changelist_view(request, extra_context)
        )

    def changeform_view(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Show one row, or why it cannot be shown."""
        return self.or_reason(
            request, lambda: super(NodeRowsAdmin, self).changeform_view(request, *args, **kwargs)
        )

    def or_reason(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """Show what `view` answers; when the node does not, the index with a sentence that says so."""
        try:
            response = view()
            return response.render() if isinstance(response, TemplateResponse) else response
        except NoPrimary as error:
            messages.error(request, str(error))
        except OperationalError as error:
            label = NodeName(chosen_node(request)).label
            messages.error(
                request, f"{label} does not answer ({error.args[-1]}). Choose another node's rows."
            )
        return HttpResponseRedirect(reverse("admin:index"))


def chosen_node(request: HttpRequest) -> str:
    """Return the alias that the address names, also behind a link into a row; the primary when it names none."""
    kept = parse_qs(request.GET.get("_changelist_filters", "")).get(NODE, [""])[0]
    named = request.GET.get(NODE) or kept
    return named if named in set(NodeName) else primary_alias()


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened to the cluster, newest first."""

    list_display = ("time", "kind", "verb", "sentence", "old", "new", "epoch", "seconds", "actor")
    list_filter = ("kind", "verb")
    search_fields = ("sentence",)
    date_hierarchy = "happened_at"
    sortable_by = ("time",)

    @admin.display(description="time", ordering="happened_at")
    def time(self, event: Event) -> str:
        """Return when it was, as every page writes it."""
        return day(event.happened_at)


@admin.register(NodeSetting)
class NodeSettingAdmin(NodeRowsAdmin):
    """What one node knows of itself."""

    list_display = ("config_key", "config_value", "updated")

    @admin.display(description="last updated", ordering="last_updated")
    def updated(self, setting: NodeSetting) -> str:
        """Return when it was changed, as every page writes it."""
        return day(setting.last_updated)
