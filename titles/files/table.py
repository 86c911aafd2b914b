"""Titles as CSV: a row a title, columns named as in the database, empty for no value, UTF-8."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from titles.catalogue import fields
from titles.models import Title
from titles.reading import queries
from titles.reading.keyset import decoded
from titles.reading.queries import Wanted
from titles.writing.edits import Row, Stored

MOST_BYTES = 10_000_000
COLUMNS = ("tconst", *fields.COLUMNS.values())
EXPORTED = (*COLUMNS, "weightedRating")
PART = 500
"""Titles that are read, or written in a transaction, at once."""


FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would take for a formula, or what an export has escaped already."""
ESCAPED = re.compile(r"'+[=+\-@\t\r]")


class BadTable(ValueError):
    """A file that is no table of titles as a whole."""


class BadLine(NamedTuple):
    """A line that cannot be imported, and why, in words."""

    line: int
    reason: str


@dataclass(frozen=True)
class Table:
    """What a file holds: the titles to store and the lines that were not understood."""

    rows: list[Row]
    bad: list[BadLine]

    @property
    def parts(self) -> list[list[Row]]:
        """The rows in the portions that are written at once."""
        return [self.rows[start : start + PART] for start in range(0, len(self.rows), PART)]


def decode(content: bytes) -> str:
    """Return the text of a file. Raises BadTable."""
    if len(content) > MOST_BYTES:
        raise BadTable(f"The file has {len(content):,} bytes; at most {MOST_BYTES:,} are taken. Part it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable(
            f"The file is not UTF-8 text (byte {error.start + 1}). Save it as CSV UTF-8."
        ) from error


def read(text: str) -> Table:
    """Return every line of a CSV file, checked. Raises BadTable."""
    lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, Row] = {}
    bad: list[BadLine] = []
    try:
        _check_header(lines.fieldnames or [])
        for values in lines:
            try:
                row = _row(values)
            except ValidationError as error:
                bad.append(BadLine(lines.line_num, in_words(error)))
                continue
            if row.tconst in rows:
                bad.append(BadLine(lines.line_num, f"repeats {row.tconst}; the first line of it counts"))
            rows.setdefault(row.tconst, row)
    except csv.Error as error:
        raise BadTable(f"Line {lines.line_num} is not CSV: {error}.") from error
    return Table(list(rows.values()), bad)


def plan(table: Table) -> Stored:
    """Return what storing the rows would do now; write nothing."""
    done = Stored()
    for part in table.parts:
        known = Title.objects.in_bulk([row.tconst for row in part])
        for row in part:
            title = known.get(row.tconst)
            same = title is not None and fields.image(title) == row.image
            done += Stored(unchanged=1) if same else Stored(updated=1) if title else Stored(inserted=1)
    return done


class Preview(NamedTuple):
    """What storing one row would do. differences: what each field is called, its value now and then."""

    tconst: str
    title: str
    is_new: bool
    differences: list[tuple[str, object, object]]


def previews(table: Table, most: int) -> list[Preview]:
    """Return the first rows that would change something, at most so many; write nothing."""
    return list(islice(changes(table), most))


def changes(table: Table) -> Iterator[Preview]:
    """Yield every row that would change something."""
    for part in table.parts:
        known = Title.objects.in_bulk([row.tconst for row in part])
        for row in part:
            title = known.get(row.tconst)
            now = fields.image(title) if title else dict.fromkeys(fields.EDITABLE)
            differing = fields.differing(now, row.image)
            if differing or title is None:
                listed = [(fields.label(name), now[name], row.image[name]) for name in differing]
                yield Preview(row.tconst, str(row.image["primary_title"]), title is None, listed)


def lines(wanted: Wanted) -> Iterator[str]:
    """Yield the titles that are wanted, as lines of CSV, a portion at a time: memory stays flat."""
    yield _line(EXPORTED)
    while True:
        page = queries.page(wanted, PART)
        yield "".join(_line(_values(title)) for title in page.titles)
        if page.cursor is None:
            return
        wanted = replace(wanted, after=decoded(wanted.order, page.cursor))


def escaped(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe before what begins like one."""
    return f"'{text}" if FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """Return what `escaped` was given."""
    return text[1:] if ESCAPED.match(text) else text


def in_words(error: ValidationError) -> str:
    """Return all that is wrong with a row, each with its column's name."""
    columns = {**fields.COLUMNS, "tconst": "tconst", "__all__": "line"}
    return " ".join(
        f"{columns.get(name, name)}: {message}"
        for name, messages in error.message_dict.items()
        for message in messages
    )


def _check_header(names: Collection[str]) -> None:
    if missing := [name for name in COLUMNS if name not in names]:
        raise BadTable(
            f"The first line names no column {', '.join(missing)}. It must name {', '.join(COLUMNS)}, "
            "in any order, separated by commas."
        )


def _row(values: dict[Any, Any]) -> Row:
    """Return a checked title. Raises ValidationError, with a message for each field."""
    if None in values or any(values[name] is None for name in COLUMNS):
        raise ValidationError({"__all__": "The line has more or fewer values than the first line."})
    title, wrong = Title(tconst=values["tconst"]), {}
    for name, column in fields.COLUMNS.items():
        try:
            # Empty is no value, but a title without a name is no title.
            text = unescaped(values[column]) if name == "primary_title" else values[column].strip() or None
            setattr(title, name, fields.value_of(name, text))
        except ValidationError as error:
            wrong[name] = error.messages
    _check(title, wrong)
    return Row(title.tconst, fields.image(title))


def _check(title: Title, wrong: dict[str, list[str]]) -> None:
    """Check the title's own rules. Raises ValidationError, also with what was wrong already."""
    try:
        title.clean_fields(exclude=set(wrong))
    except ValidationError as error:
        wrong |= error.message_dict
    if not title.primary_title.strip():
        wrong["primary_title"] = [fields.NAMELESS]
    if not wrong and fields.are_unrated(title.num_votes, title.average_rating):
        wrong["average_rating"] = [fields.UNRATED_VOTES]
    if wrong:
        raise ValidationError(wrong)


def _values(title: Title) -> list[object]:
    image = fields.image(title) | {"primary_title": escaped(title.primary_title)}
    return [title.tconst, *image.values(), title.weighted_rating]


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
