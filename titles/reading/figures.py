"""Numbers about all titles. They read the whole table, so each process keeps them for a while."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, connections, router
from django.db.models import Count
from django.utils import timezone

from titles.models import Title

log = logging.getLogger(__name__)

FRESH = 60.0
"""Seconds after which figures are counted anew."""


@dataclass(frozen=True)
class Figures:
    """How many titles there are of each year and of each rating, and the aggregation by decades.

    aggregation: a row for each decade, one for unknown years, one for all, as distributed_aggregation names them.
    """

    counted_at: datetime
    years: dict[int, int]
    ratings: dict[Decimal, int]
    aggregation: tuple[dict[str, object], ...]

    @property
    def total(self) -> dict[str, object]:
        """The row about all titles; zeros where there are none."""
        return self.aggregation[-1] if self.aggregation else {"titles": 0, "rated_titles": 0, "votes": 0}


@dataclass
class Kept:
    """What was counted last, and when (monotonic seconds)."""

    figures: Figures | None = None
    at: float = float("-inf")


_kept = Kept()
_counting = threading.Lock()


def figures() -> Figures:
    """Return the figures. Only the first reader of a process waits; older ones are shown while they are renewed."""
    kept = _kept.figures
    if kept is None:
        with _counting:
            return _kept.figures or _renew()
    if time.monotonic() - _kept.at > FRESH and _counting.acquire(blocking=False):
        threading.Thread(target=_count_in_background, name="figures", daemon=True).start()
    return kept


def _renew() -> Figures:
    _kept.figures, _kept.at = count(), time.monotonic()
    return _kept.figures


def _count_in_background() -> None:
    """Count in a thread of its own, and close its connections. After a failure the next reader starts another."""
    try:
        _renew()
    except DatabaseError as error:
        log.warning("The figures about all titles could not be counted: %s", error)
    finally:
        connections.close_all()
        _counting.release()


def forget() -> None:
    """Count anew when the figures are next wanted."""
    _kept.at = float("-inf")
    _kept.figures = None


def count() -> Figures:
    """Count now: two scans of an index and one of the table."""
    return Figures(timezone.now(), _by("start_year"), _by("average_rating"), _aggregation())


def _by(column: str) -> dict[Any, int]:
    counted = Title.objects.order_by(column).values_list(column).annotate(Count("tconst"))
    return {value: titles for value, titles in counted if value is not None}


def _aggregation() -> tuple[dict[str, Any], ...]:
    with connections[router.db_for_read(Title)].cursor() as cursor:
        cursor.execute("CALL distributed_aggregation()")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        while cursor.nextset():
            pass
    return tuple(rows) if rows and rows[-1]["titles"] else ()
