"""Loads IMDb's files into the catalogue, through the log; may be killed and run again at any point.

Two passes over the files, both streaming. The first (`survey`) checks every row and works out the
statistics that the table will have when the load is done: those of the stored titles, less the ones
that the files replace, plus the files' own. So the second (`write`) writes each title once, with its
final weighted rating, and the same load again finds nothing to write.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from django.db.models import Model

from titles.catalogue.ratings import Statistics, weighted_rating
from titles.catalogue.statistics import Counters, changed_row
from titles.files import records
from titles.files.logged import LoggedBatches
from titles.files.problems import Problems
from titles.files.records import Basics, OutOfOrder, Problem, Rating
from titles.files.sorting import SortedFile
from titles.files.tsv import TsvFile
from titles.models import Title, TitleStatistics

COLUMNS = [column.attname for column in Title._meta.concrete_fields]
VALUES = attrgetter(*COLUMNS)

Joined = tuple[Basics, Rating | None]
Tick = Callable[[int], None]
T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=Model)


@dataclass
class Source:
    """The two files and which types of titles are wanted from them (None: all)."""

    basics: TsvFile
    ratings: TsvFile
    types: frozenset[str] | None = None

    @classmethod
    def at(cls, basics: Path, ratings: Path, types: frozenset[str] | None = None) -> "Source":
        """Return the files at these paths, plain or compressed with gzip."""
        return cls(
            TsvFile(basics, records.BASICS_COLUMNS),
            TsvFile(ratings, records.RATINGS_COLUMNS),
            types,
        )

    def titles(self, report: Callable[[Problem], None]) -> Iterator[Joined]:
        """Yield wanted titles with their ratings, by tconst. Raises FileProblem, OutOfOrder."""
        basics = records.read(self.basics, records.basics, report)
        ratings = records.read(self.ratings, records.rating, report)
        for title, rating in records.joined(basics, ratings):
            if self.types is None or title.title_type in self.types:
                yield title, rating

    def sorted(self) -> "Source":
        """Return the same in the order of tconst, by way of temporary files on disk."""
        return Source(SortedFile(self.basics), SortedFile(self.ratings), self.types)


@dataclass(frozen=True)
class Survey:
    """What the first pass found: the source in order, its titles, the statistics after the load."""

    source: Source
    titles: int
    statistics: Statistics


@dataclass
class Outcome:
    """What the second pass did, in titles; `transactions` counts those of the log."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    transactions: int = 0


def survey(source: Source, using: str, problems: Problems, batch: int, tick: Tick) -> Survey:
    """Read both files to their ends and write nothing.

    `tick` gets the bytes of the basics read since its last call.
    Raises FileProblem, django.db.DatabaseError.
    """
    try:
        return _survey(source, using, problems, batch, tick)
    except OutOfOrder:
        problems.clear()
        return _survey(source.sorted(), using, problems, batch, lambda done: None)


def write(found: Survey, using: str, batch: int, tick: Tick) -> Outcome:
    """Write what differs, a transaction a batch, and return when a second node has all of it.

    `tick` gets the titles done since its last call. Raises FileProblem, django.db.DatabaseError;
    what was written until then stays, and the same load goes on from there.
    """
    outcome = Outcome()
    with LoggedBatches() as log:
        if row := changed_row(found.statistics, using):
            log.write(partial(_upsert, TitleStatistics, [row]))
        for part in _batches(found.source.titles(lambda problem: None), batch):
            if changed := _changed(part, found.statistics, using, outcome):
                log.write(partial(_upsert, Title, changed))
            tick(len(part))
        log.finish()
    outcome.transactions = log.transactions
    return outcome


def _survey(source: Source, using: str, problems: Problems, batch: int, tick: Tick) -> Survey:
    counters = Counters.of_table(using)
    table_is_empty = counters.titles == 0
    titles = position = 0
    for part in _batches(source.titles(problems), batch):
        if not table_is_empty:
            _count_out(counters, part, using)
        for _, rating in part:
            counters.count(*_average(rating))
        titles += len(part)
        tick(source.basics.position - position)
        position = source.basics.position
    return Survey(source, titles, counters.statistics())


def _count_out(counters: Counters, part: list[Joined], using: str) -> None:
    """Take the stored titles that this part replaces out of the count."""
    stored = Title.objects.using(using).filter(pk__in=[title.tconst for title, _ in part])
    for rating, votes in stored.values_list("average_rating", "num_votes"):
        counters.count(rating, votes, times=-1)


def _changed(part: list[Joined], statistics: Statistics, using: str, outcome: Outcome) -> list[Title]:
    """Return the titles that are not stored exactly so: a trigger logs even an update without effect."""
    rows = Title.objects.using(using).filter(pk__in=[title.tconst for title, _ in part])
    stored: dict[str, tuple[object, ...]] = {row[0]: row for row in rows.values_list(*COLUMNS)}
    changed = []
    for title in (_title(basics, rating, statistics) for basics, rating in part):
        known = stored.get(title.tconst)
        if known is None:
            outcome.inserted += 1
        elif known == VALUES(title):
            outcome.unchanged += 1
            continue
        else:
            outcome.updated += 1
        changed.append(title)
    return changed


def _title(basics: Basics, rating: Rating | None, statistics: Statistics) -> Title:
    average, votes = _average(rating)
    return Title(
        tconst=basics.tconst,
        primary_title=basics.primary_title,
        runtime_minutes=basics.runtime_minutes,
        average_rating=average,
        num_votes=votes,
        start_year=basics.start_year,
        weighted_rating=weighted_rating(average, votes, statistics),
    )


def _average(rating: Rating | None) -> tuple[Decimal, int] | tuple[None, None]:
    return (rating.average_rating, rating.num_votes) if rating else (None, None)


def _upsert(model: type[ModelT], rows: list[ModelT]) -> None:
    """Insert the rows, or update in place those whose key is there."""
    fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._base_manager.bulk_create(rows, update_conflicts=True, update_fields=fields)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
