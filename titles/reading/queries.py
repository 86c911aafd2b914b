"""The lists of the catalogue, each read by an index, however many titles there are.

A page is found in two steps: the keys of its titles, by an index that has all that they are filtered and
sorted by, then the titles. The keys of a filtered list are found in one of two ways. Where one of the filters
leaves few titles, these are read by that filter's index and sorted. Otherwise the list is read in its own
order by that order's index, SCAN entries at most; what was not reached by then is behind the link to the next
page. MariaDB's own choice between the two was off by a factor of 50 in places, so `Unindexed` hides from
it what it is not to use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Func, Q, QuerySet

from titles.models import Title
from titles.reading.keyset import BEST, NEWEST, Order, Position, comparable, encoded
from titles.reading.search import matches

PAGE = 50
SEARCHED = ("weighted_rating", "num_votes", "start_year", "average_rating")
"""What a search is sorted and filtered by."""
FEW = 8_000
SCAN = 20_000
"""Entries of an index; read in about 10 ms."""


class Unindexed(Func):
    """A column, in a form that no index is used for."""

    function = "COALESCE"


@dataclass(frozen=True)
class Bounds:
    """A filter: the column lies within these bounds, None for no bound."""

    column: str
    least: object = None
    most: object = None

    def on(self, name: str) -> Q:
        """Return the condition on a column or annotation."""
        bounds = {"gte": self.least, "lte": self.most}
        return Q(**{f"{name}__{side}": bound for side, bound in bounds.items() if bound is not None})

    def rows(self) -> QuerySet[Title]:
        """Return the titles within the bounds, by the column's index."""
        return Title.objects.filter(self.on(self.column))

    def holds(self, value: Any) -> bool:
        """Return the same for a row in memory."""
        return value is not None and not (
            (self.least is not None and value < self.least) or (self.most is not None and value > self.most)
        )


@dataclass(frozen=True)
class Wanted:
    """What a reader wants to see: titles that fit, in an order, after a position."""

    search: str = ""
    first_year: int | None = None
    last_year: int | None = None
    min_rating: Decimal | None = None
    min_votes: int | None = None
    order: Order = BEST
    after: Position | None = None

    @property
    def bounds(self) -> list[Bounds]:
        """The filters that are set, the one that mostly leaves fewest titles first."""
        given = [
            Bounds("num_votes", self.min_votes or None),
            Bounds("average_rating", self.min_rating),
            Bounds("start_year", self.first_year, self.last_year),
        ]
        return [bounds for bounds in given if (bounds.least, bounds.most) != (None, None)]


@dataclass(frozen=True)
class Page:
    """Titles, and the cursor behind which the list goes on (None at its end).

    found: how many a search found, None for a list that was not counted. full: it may have found more.
    """

    titles: Sequence[Title]
    cursor: str | None
    found: int | None = None
    full: bool = False


def page(wanted: Wanted, size: int = PAGE) -> Page:
    """Return one page of what is wanted. An empty page may have a cursor: nothing fits so far, the next page may."""
    if wanted.search.strip():
        return _page_of_search(wanted, size)
    order, bounds = wanted.order, wanted.bounds
    if few := next((one for one in bounds if _is_few(one)), None):
        rows, end = _sorted_anew(_after(few.rows(), wanted), order), None
    else:
        own = [one for one in bounds if one.column == order.columns[0]]
        rows = _after(Title.objects.filter(*(one.on(one.column) for one in own)), wanted)
        end = _end_of_scan(rows, order) if len(bounds) > len(own) else None
        rows = (rows.filter(order.up_to(end)) if end else rows).order_by(*order.terms)
    keys = list(_hidden(rows, bounds).values_list(*order.columns)[: size + 1])
    if len(keys) > size:
        end = keys[size - 1]
    return Page(_titles([key[-1] for key in keys[:size]]), encoded(order, end) if end else None)


def _after(rows: QuerySet[Title], wanted: Wanted) -> QuerySet[Title]:
    """Return the rows of the list from where the reader is."""
    rows = rows.filter(wanted.order.members)
    return rows.filter(wanted.order.after(wanted.after)) if wanted.after else rows


def _hidden(rows: QuerySet[Title], bounds: Sequence[Bounds]) -> QuerySet[Title]:
    """Return the rows within the bounds, by no index of theirs."""
    for one in bounds:
        name = f"hidden_{one.column}"
        rows = rows.alias(**{name: Unindexed(one.column)}).filter(one.on(name))
    return rows


def _is_few(bounds: Bounds) -> bool:
    """Return whether at most FEW titles lie within the bounds; counts no further than that."""
    return bounds.rows().values(bounds.column)[: FEW + 1].count() <= FEW


def _sorted_anew(rows: QuerySet[Title], order: Order) -> QuerySet[Title]:
    """Return the rows in the order, by no index of its own."""
    columns = [Unindexed(F(column)) for column in order.columns]
    return rows.order_by(*(column.desc() if order.descending else column.asc() for column in columns))


def _end_of_scan(rows: QuerySet[Title], order: Order) -> Position | None:
    """Return the position of the last title that one page reads; None where the list ends before."""
    return rows.order_by(*order.terms).values_list(*order.columns)[SCAN - 1 : SCAN].first()


def _titles(keys: Sequence[str]) -> list[Title]:
    """Return the titles of these keys, in their order; one that was deleted meanwhile is left out."""
    found = Title.objects.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _page_of_search(wanted: Wanted, size: int) -> Page:
    """Filter and sort in memory the few thousand titles at most that a search finds."""
    order, bounds = wanted.order, wanted.bounds
    found = matches(wanted.search, SEARCHED)
    rows = [row for row in found.rows if all(one.holds(row[one.column]) for one in bounds)]
    if order.complete:
        rows = [row for row in rows if row[order.columns[0]] is not None]
    rows.sort(key=order.sort_key, reverse=order.descending)
    hits = len(rows)
    if wanted.after:
        position = comparable(wanted.after)
        rows = [row for row in rows if _follows(order, order.sort_key(row), position)]
    end = tuple(rows[size - 1][column] for column in order.columns) if len(rows) > size else None
    shown = _titles([str(row["tconst"]) for row in rows[:size]])
    return Page(shown, encoded(order, end) if end else None, hits, found.full)


def _follows(order: Order, row: tuple[object, ...], position: tuple[object, ...]) -> bool:
    return row < position if order.descending else row > position


def top(year: int | None = None, size: int = 10) -> list[Title]:
    """Return the best titles of a year, or of all years."""
    if year is None:
        return list(Title.objects.filter(weighted_rating__isnull=False).order_by(*BEST.terms)[:size])
    rated = Title.objects.filter(start_year=year, weighted_rating__isnull=False)
    return list(rated.order_by(*NEWEST.terms[1:])[:size])
