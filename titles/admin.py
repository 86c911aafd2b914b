"""The catalogue in the admin, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cluster.admin import NodeRowsAdmin
from titles.models import Title, TitleStatistics


@admin.register(Title)
class TitleAdmin(NodeRowsAdmin):
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

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Title], search_term: str
    ) -> tuple[QuerySet[Title], bool]:
        """Return titles that fit what was typed."""
        term = search_term.strip()
        if term.startswith("tt") and term[2:].isascii() and term[2:].isdigit():
            return queryset.filter(tconst__istartswith=term), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(TitleStatistics)
class TitleStatisticsAdmin(NodeRowsAdmin):
    """The numbers that weighted ratings are made with."""

    list_display = ("mean_rating", "votes_threshold", "titles", "rated_titles", "refreshed_at")
