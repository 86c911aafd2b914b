"""The catalogue in the admin: to be looked at, not changed."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from titles.models import Title, TitleStatistics


class BoundedPaginator(Paginator):
    """Counts at most LIMIT rows, so that a page costs the same however long the table is.

    What lies beyond is found by searching and filtering.
    """

    LIMIT = 100_000

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most LIMIT."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[: self.LIMIT].count()


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and offers no way to change them."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


@admin.register(Title)
class TitleAdmin(ReadOnlyAdmin):
    """All titles. A search for an identifier or its beginning uses the key; others read titles."""

    list_display = (
        "tconst",
        "primary_title",
        "start_year",
        "runtime_minutes",
        "average_rating",
        "num_votes",
        "weighted_rating",
    )
    list_display_links = ("tconst", "primary_title")
    list_filter = ("start_year",)
    search_fields = ("primary_title",)
    search_help_text = "Words of a title, or an identifier from its beginning: tt0111161, tt01"
    ordering = ("tconst",)
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Title], search_term: str
    ) -> tuple[QuerySet[Title], bool]:
        """Titles that fit what was typed."""
        term = search_term.strip()
        if term.startswith("tt") and term[2:].isascii() and term[2:].isdigit():
            return queryset.filter(tconst__istartswith=term), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(TitleStatistics)
class TitleStatisticsAdmin(ReadOnlyAdmin):
    """The numbers that weighted ratings are made with."""

    list_display = ("mean_rating", "votes_threshold", "titles", "rated_titles", "refreshed_at")
