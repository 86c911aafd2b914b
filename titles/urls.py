"""The addresses of the catalogue."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from titles.views import reading, standing, tables, writing


class TconstConverter(StringConverter):
    """An identifier of a title."""

    regex = "tt[0-9]{7,10}"


register_converter(TconstConverter, "tconst")

app_name = "titles"
urlpatterns = [
    path("", reading.titles, name="titles"),
    path("statistics", reading.statistics, name="statistics"),
    path("standing", standing.standing, name="standing"),
    path("receipts/<str:transaction_id>", standing.arrivals, name="arrivals"),
    path("new", writing.create, name="create"),
    path("export.csv", tables.export, name="export"),
    path("import", tables.offer, name="import"),
    path("import/<uuid:pk>", tables.run, name="run_import"),
    path("titles/<tconst:tconst>", reading.title, name="title"),
    path("titles/<tconst:tconst>/edit", writing.edit, name="edit"),
    path("titles/<tconst:tconst>/delete", writing.delete, name="delete"),
    path("titles/<tconst:tconst>/reviews", writing.add_reviews, name="reviews"),
    path("titles/<tconst:tconst>/undo", writing.undo, name="undo"),
    path("titles/<tconst:tconst>/trend", reading.trend, name="trend"),
    path("titles/<tconst:tconst>/history", reading.title_history, name="history"),
    path("titles/<tconst:tconst>/history/<int:epoch>-<int:log_id>", writing.revert, name="revert"),
]
