"""What a statement may do, from its text alone: reads pay nothing for the question.

When in doubt it is a write: waiting for a transaction that wrote nothing replicated ends at once.
"""

import re
from enum import Enum, auto
from functools import lru_cache

SKIPPED = r"(?:\s|\(|/\*(?!M?!).*?\*/|--[^\n]*\n|\#[^\n]*\n)*"
"""Space, brackets and comments before the first word; comments that the server executes are no comments."""
FIRST = re.compile(rf"{SKIPPED}([a-z]+)(?:\s+([a-z]+))?", re.I | re.S)
CHANGE = re.compile(r"\b(insert|update|delete|replace|call|into)\b", re.I)
SEVERAL = re.compile(r";\s*\S", re.S)
UNCLEAR = re.compile(r";|--|\#|/\*")
"""Where one of these stands, nothing may be put behind the statement: it could end up in a comment."""
OWN_CONTROL = re.compile(r"\b(start\s+transaction|begin|commit|rollback|autocommit)\b", re.I)
OWN_SETTING = re.compile(r"(?:@@[\w.`]*|(?<!@)\b)(autocommit|completion_type)`?\s*:?=", re.I)
"""Settings that decide which statement ends a transaction; a variable of the user's own may be named so."""
CHAINS = re.compile(r"\b(?<!no )(chain|release)\b", re.I)
LITERAL = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\""
COMMENT = r"/\*.*?\*/|--[ \t\r\n][^\n]*|\#[^\n]*"
TOKEN = re.compile(rf"(?P<comment>{COMMENT})|(?P<literal>{LITERAL}|`(?:[^`]|``)*`)", re.S)
"""A comment may hold quotes and a literal what begins a comment: whichever begins first goes on to its end."""
SETTING_NAME = re.compile(r"`(autocommit|completion_type|current_transaction_id)`", re.I)
NAMES_ITSELF = re.compile(r"@current_transaction_id`?\s*:?=", re.I)

READS = frozenset(
    {"SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "USE", "SET", "SAVEPOINT", "RELEASE", "VALUES", "KILL"}
)
ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})


class Kind(Enum):
    """What a statement may do to replicated rows, or to the transaction."""

    READ = auto()
    ROWS = auto()
    """It changes rows and has one answer; something may be sent behind it in the same round trip."""
    WRITE = auto()
    """It may change rows, in one transaction or in several."""
    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    FOREIGN = auto()
    """It does what only the backend may do: several statements with a transaction of their own, the session's id,
    or what decides where a transaction ends."""


@lru_cache(maxsize=512)
def kind(sql: str) -> Kind:
    """What the statement may do; `sql` before its parameters are filled in."""
    return kind_of_bare(bare(sql))


def bare(sql: str) -> str:
    """Return a text with nothing in its literals, nor in its quoted names but the words that are settings."""
    return TOKEN.sub(emptied, sql)


def emptied(found: re.Match[str]) -> str:
    """Return a comment as it is, a literal without its content."""
    text = found[0]
    if found["comment"] is not None or SETTING_NAME.fullmatch(text):
        return text
    return text[0] * 2


def kind_of_bare(sql: str) -> Kind:
    """Return the kind of a text whose literals are empty."""
    found = FIRST.match(sql)
    word, second = (found[1].upper(), (found[2] or "").upper()) if found else ("", "")
    several = SEVERAL.search(sql) is not None
    if NAMES_ITSELF.search(sql) or moves_the_end(word, second, sql):
        return Kind.FOREIGN
    if several:
        return kind_of_several(word, second, sql)
    if word in ROWS:
        return Kind.WRITE if UNCLEAR.search(sql) else Kind.ROWS
    return control(word, second) or (Kind.READ if reads(word, second, sql) else Kind.WRITE)


def kind_of_several(word: str, second: str, sql: str) -> Kind:
    """The kind of a text with semicolons in it: several statements, or one with a body or a literal that has some."""
    if all(kind_of_bare(part) is Kind.READ for part in sql.split(";") if part.strip()):
        return Kind.READ
    has_body = word in ("CREATE", "ALTER") or (word, second) == ("BEGIN", "NOT")
    return Kind.FOREIGN if OWN_CONTROL.search(sql) and not has_body else Kind.WRITE


def moves_the_end(word: str, second: str, sql: str) -> bool:
    """Whether a statement lets a transaction go on where the backend takes it for ended, or the other way round."""
    if word == "SET":
        return OWN_SETTING.search(sql) is not None
    return word in ("COMMIT", "ROLLBACK") and second != "TO" and CHAINS.search(sql) is not None


def control(word: str, second: str) -> Kind | None:
    """The kind of a statement that begins or ends a transaction."""
    if word == "START" or (word == "BEGIN" and second != "NOT"):
        return Kind.BEGIN
    if word == "ROLLBACK":
        return Kind.READ if second == "TO" else Kind.ROLLBACK
    return Kind.COMMIT if word == "COMMIT" else None


def reads(word: str, second: str, sql: str) -> bool:
    """Whether a single statement changes no row."""
    if word == "WITH":
        return CHANGE.search(sql) is None
    return word in READS and (word, second) != ("SET", "STATEMENT")
