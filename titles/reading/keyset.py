"""Pages of a long list by where the last one ended, so that the thousandth costs what the first does."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Q

from titles.models import Title

Position = tuple[object, ...]
"""The values of an order's columns in one row: the row is the last of a page, or the last one read."""


FIELDS = {field.name: field for field in Title._meta.concrete_fields}


class BadCursor(ValueError):
    """A cursor that no page of this list has given out."""


@dataclass(frozen=True)
class Order:
    """An order that one index serves, the key its last column, so that no two rows are equal in it.

    All columns run in one direction: an index is read from one end to the other. A row without a value is
    below all others, as MariaDB has it; `complete` leaves out rows without a value in the first column.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    descending: bool = True
    complete: bool = False

    @property
    def terms(self) -> list[str]:
        """For `order_by`."""
        return [f"-{column}" if self.descending else column for column in self.columns]

    @property
    def members(self) -> Q:
        """Which rows the list has."""
        return Q(**{f"{self.columns[0]}__isnull": False}) if self.complete else Q()

    def after(self, position: Position) -> Q:
        """Return the rows that follow a position."""
        return self._beyond(position, downward=self.descending)

    def up_to(self, position: Position) -> Q:
        """Return the rows before a position and the one that stands there."""
        here = Q(**{self.columns[-1]: position[-1]})
        for column, value in zip(self.columns[:-1], position, strict=False):
            here &= _equal(column, value)
        return self._beyond(position, downward=not self.descending) | here

    def _beyond(self, position: Position, downward: bool) -> Q:
        found, same = Q(pk__in=[]), Q()
        for column, value in zip(self.columns, position, strict=True):
            step = _below(column, value) if downward else _above(column, value)
            if step is not None:
                found |= same & step
            same &= _equal(column, value)
        return found

    def sort_key(self, row: dict[str, object]) -> tuple[object, ...]:
        """Return the same order for rows in memory, ascending; reversed where the order descends."""
        return comparable(tuple(row[column] for column in self.columns))


def comparable(position: Position) -> tuple[object, ...]:
    """Return a position as Python can compare it: no value is below every value."""
    return tuple((value is not None, value) for value in position)


def _equal(column: str, value: object) -> Q:
    return Q(**{f"{column}__isnull": True}) if value is None else Q(**{column: value})


def _below(column: str, value: object) -> Q | None:
    if value is None:
        return None
    lower = Q(**{f"{column}__lt": value})
    return lower | Q(**{f"{column}__isnull": True}) if FIELDS[column].null else lower


def _above(column: str, value: object) -> Q | None:
    return Q(**{f"{column}__isnull": False}) if value is None else Q(**{f"{column}__gt": value})


BEST = Order("best", "Best rated", ("weighted_rating", "tconst"))
VOTES = Order("votes", "Most votes", ("num_votes", "tconst"))
NEWEST = Order("newest", "Newest", ("start_year", "weighted_rating", "tconst"))
OLDEST = Order(
    "oldest", "Oldest", ("start_year", "weighted_rating", "tconst"), descending=False, complete=True
)
IDENTIFIER = Order("identifier", "Identifier", ("tconst",), descending=False)
ORDERS = {order.name: order for order in (BEST, VOTES, NEWEST, OLDEST, IDENTIFIER)}


def encoded(order: Order, position: Position) -> str:
    """Return a position as a page's address carries it."""
    values = [None if value is None else str(value) for value in position]
    return urlsafe_b64encode(json.dumps([order.name, *values]).encode()).decode().rstrip("=")


def decoded(order: Order, cursor: str) -> Position:
    """Return the position that `encoded` made for this order. Raises BadCursor."""
    try:
        name, *values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = tuple(_value(column)(text) for column, text in zip(order.columns, values, strict=True))
    except (ValueError, TypeError, ValidationError) as error:
        raise BadCursor("The cursor is not one that this list gave out; begin without one.") from error
    if name != order.name or position[-1] is None:
        raise BadCursor(f"The cursor belongs to another order than {order.name}; begin without one.")
    return position


def _value(column: str) -> Callable[[str | None], object]:
    return FIELDS[column].to_python
