"""Rows of IMDb's two files as checked records, and the two joined into titles."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar

from titles.catalogue import limits
from titles.files.tsv import BadRow, Row, TsvFile

BASICS_COLUMNS = ("tconst", "titleType", "primaryTitle", "startYear", "runtimeMinutes")
RATINGS_COLUMNS = ("tconst", "averageRating", "numVotes")


class Basics(NamedTuple):
    """A row of title.basics.tsv."""

    tconst: str
    title_type: str | None
    primary_title: str
    start_year: int | None
    runtime_minutes: int | None


class Rating(NamedTuple):
    """A row of title.ratings.tsv."""

    tconst: str
    average_rating: Decimal
    num_votes: int


RecordT = TypeVar("RecordT", Basics, Rating)


class Unsuitable(ValueError):
    """A value that no title can have; the message completes the sentence "line 7 ..."."""


class OutOfOrder(Exception):
    """A file is not sorted by tconst, so that it cannot be joined while it is read."""


class Problem(NamedTuple):
    """A line that was skipped, and why."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path.name} line {self.line} {self.reason}"


def basics(values: tuple[str | None, ...]) -> Basics:
    """Check the values of BASICS_COLUMNS. Raises Unsuitable."""
    tconst, title_type, title, year, runtime = values
    return Basics(
        _tconst(tconst),
        title_type,
        _title(title),
        _whole("startYear", year, limits.MIN_YEAR, limits.MAX_YEAR),
        _whole("runtimeMinutes", runtime, limits.MIN_RUNTIME, limits.MAX_RUNTIME),
    )


def rating(values: tuple[str | None, ...]) -> Rating:
    """Check the values of RATINGS_COLUMNS. Raises Unsuitable."""
    tconst, average, votes = values
    known = _tconst(tconst)
    counted = _whole("numVotes", votes, 0, limits.MAX_VOTES)
    if average is None or counted is None:
        raise Unsuitable("has no rating or no votes")
    return Rating(known, _average(average), counted)


def read(
    file: TsvFile,
    check: Callable[[tuple[str | None, ...]], RecordT],
    report: Callable[[Problem], None],
) -> Iterator[RecordT]:
    """Yield the file's good rows in ascending order of tconst; bad and repeated ones go to `report`.

    Raises OutOfOrder, FileProblem.
    """
    last = ""
    for row in file.rows():
        record = _checked(row, check)
        if isinstance(record, BadRow):
            report(Problem(file.path, *record))
            continue
        if record.tconst < last:
            raise OutOfOrder(file.path)
        if record.tconst == last:
            report(Problem(file.path, row.number, f"repeats {last}; the first row of it counts"))
            continue
        last = record.tconst
        yield record


def joined(titles: Iterator[Basics], ratings: Iterator[Rating]) -> Iterator[tuple[Basics, Rating | None]]:
    """Yield each title with its rating or None, both sorted by tconst; other ratings are passed over.

    Both are read to their ends, so that the last line of either is checked.
    """
    rating = next(ratings, None)
    for title in titles:
        while rating is not None and rating.tconst < title.tconst:
            rating = next(ratings, None)
        yield title, rating if rating is not None and rating.tconst == title.tconst else None
    for _ in ratings:
        pass


def _checked(row: Row | BadRow, check: Callable[[tuple[str | None, ...]], RecordT]) -> RecordT | BadRow:
    if isinstance(row, BadRow):
        return row
    try:
        return check(row.values)
    except Unsuitable as error:
        return BadRow(row.number, str(error))


def _tconst(text: str | None) -> str:
    if text is None or not limits.TCONST.fullmatch(text):
        raise Unsuitable(f"has no identifier ({limits.TCONST_IN_WORDS}) but {_shown(text)}")
    return text


def _title(text: str | None) -> str:
    if text is None or not text.strip(" "):
        raise Unsuitable("has no title")
    if len(text) > limits.TITLE_LENGTH:
        raise Unsuitable(f"has a title of {len(text)} characters; at most {limits.TITLE_LENGTH} fit")
    return text


def _whole(name: str, text: str | None, least: int, most: int) -> int | None:
    if text is None:
        return None
    # isdigit alone also takes the digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and least <= int(text) <= most):
        raise Unsuitable(f"has {_shown(text)} as {name}, which must be {least} to {most}")
    return int(text)


def _average(text: str) -> Decimal:
    whole, _, tenth = text.partition(".")
    if not (
        text.isascii()
        and whole.isdigit()
        and len(whole) <= 2
        and len(tenth) <= 1
        and (tenth or "0").isdigit()
    ):
        raise Unsuitable(f"has {_shown(text)} as averageRating, which must have at most one decimal")
    average = Decimal(f"{whole}.{tenth or '0'}")
    if not limits.MIN_RATING <= average <= limits.MAX_RATING:
        raise Unsuitable(f"has {_shown(text)} as averageRating, which must be {limits.RATING_IN_WORDS}")
    return average


def _shown(text: str | None) -> str:
    return r"\N" if text is None else repr(text[:40])
