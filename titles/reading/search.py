"""What somebody typed, as a search: every word begins a word of the title, or it is an identifier."""

import re
from dataclasses import dataclass
from typing import Any

from titles.models import Title

LIMIT = 1_000
"""So many matches are read, the most relevant ones; who finds more has to type more."""
BEGINNINGS = 200
MOST_WORDS = 8
LEAST_LETTERS, MOST_LETTERS = 3, 84
"""The lengths of the words that MariaDB's full-text index holds (innodb_ft_min_token_size, ..._max_...)."""
COMMON = (
    "a about an are as at be by com de en for from how i in is it la of on or that the this to was what when "
    "where who will with und www"
)
STOPWORDS = frozenset(COMMON.split())
"""What that index leaves out (INNODB_FT_DEFAULT_STOPWORD)."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The rows that fit a search; `full` when there may be more than were read."""

    rows: list[Row]
    full: bool


def matches(text: str, columns: tuple[str, ...]) -> Found:
    """Return these columns of the titles that fit `text`, at most some LIMIT, found by an index."""
    text = text.strip()
    wanted = ("tconst", "primary_title", *columns)
    if re.fullmatch(r"tt[0-9]+", text, re.ASCII):
        rows = list(Title.objects.filter(tconst__istartswith=text).values(*wanted)[:LIMIT])
        return Found(rows, len(rows) == LIMIT)
    indexed, others = parted(text)
    beginning = Title.objects.filter(primary_title__istartswith=text).values(*wanted)
    if not indexed:
        rows = list(beginning[:LIMIT])
        return Found(rows, len(rows) == LIMIT)
    with_words = Title.objects.filter(primary_title__words=" ".join(f"+{word}*" for word in indexed))
    rows = list(with_words.values(*wanted)[:LIMIT])
    # Of too many matches, those that begin just so are never left out.
    first = list(beginning[:BEGINNINGS]) if len(rows) == LIMIT else []
    several = {row["tconst"]: row for row in [*first, *rows] if _has(row["primary_title"], others)}
    return Found(list(several.values()), len(rows) == LIMIT)


def _has(title: str, words: list[str]) -> bool:
    """Return whether each word begins a word of the title."""
    spaced = f" {title.casefold()}"
    return all(f" {word.casefold()}" in spaced for word in words)


def parted(text: str) -> tuple[list[str], list[str]]:
    """Return the words that the index holds, and those that it does not: too short, or too common."""
    indexed: list[str] = []
    others: list[str] = []
    for word in text.split()[:MOST_WORDS]:
        pieces = [piece for piece in re.findall(r"\w+", word) if _is_indexed(piece)]
        indexed += pieces
        if not pieces:
            others.append(word)
    return indexed, others


def _is_indexed(word: str) -> bool:
    return LEAST_LETTERS <= len(word) <= MOST_LETTERS and word.lower() not in STOPWORDS
