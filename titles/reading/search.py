"""What somebody typed, as a search: the rule is sql/titles/search_titles.sql, which distributed_search follows, too."""

from dataclasses import dataclass

from django.db import connections, router

from titles.catalogue.limits import MOST_ROWS
from titles.models import Title
from titles.reading.keyset import FIELDS

FOUND = """
    SELECT found.is_full, title_ft.tconst, {columns}
    FROM JSON_TABLE(search_titles(%s, %s), '$' COLUMNS (
        is_full BOOLEAN PATH '$.full',
        NESTED PATH '$.titles[*]' COLUMNS (tconst VARCHAR(12) CHARACTER SET ascii PATH '$'))) AS found
    LEFT JOIN title_ft ON title_ft.tconst = found.tconst
"""
"""One row a title; where none was found, one without a title."""

Row = dict[str, object]


@dataclass(frozen=True)
class Found:
    """The rows that fit a search; `full` when there may be more than were read."""

    rows: list[Row]
    full: bool


def matches(text: str, columns: tuple[str, ...]) -> Found:
    """Return these columns of the titles that fit `text`, and their keys. Of too many the most relevant are read."""
    names = ", ".join(f"title_ft.{FIELDS[name].column}" for name in columns)
    with connections[router.db_for_read(Title)].cursor() as cursor:
        cursor.execute(FOUND.format(columns=names), (text, MOST_ROWS))
        found = cursor.fetchall()
    rows = [
        dict(zip(("tconst", *columns), values, strict=True)) for _, *values in found if values[0] is not None
    ]
    return Found(rows, bool(found[0][0]))
