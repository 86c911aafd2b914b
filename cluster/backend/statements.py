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
PLAIN_LITERAL = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
"""A literal where the session's sql_mode has NO_BACKSLASH_ESCAPES."""
COMMENT = r"/\*.*?\*/|--[ \t\r\n][^\n]*|\#[^\n]*"
TOKEN, PLAIN_TOKEN = (
    re.compile(rf"(?P<comment>{COMMENT})|(?P<literal>{literal}|`(?:[^`]|``)*`)", re.S)
    for literal in (LITERAL, PLAIN_LITERAL)
)
"""A comment may hold quotes and a literal what begins a comment: whichever begins first goes on to its end."""
SETTING_NAME = re.compile(r"`(autocommit|completion_type|current_transaction_id)`", re.I)
NAMES_ITSELF = re.compile(r"@current_transaction_id`?\s*:?=", re.I)
PREPARED = re.compile(rf"{SKIPPED}(?:execute\s+immediate|prepare\s+\S+\s+from)\s*({LITERAL})", re.I | re.S)
"""A statement that runs the text of a literal."""

READS = frozenset(
    {"SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "SET", "SAVEPOINT", "RELEASE", "VALUES", "KILL"}
)
ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
COMMITTING = re.compile(
    "ALTER|ANALYZE|CACHE|CHECK|CREATE|DROP|FLUSH|GRANT|INSTALL|LOCK|OPTIMIZE|RENAME|REPAIR|RESET|REVOKE|TRUNCATE|"
    "UNINSTALL"
)
"""Words whose statements commit the open transaction first, also where they are refused then."""
RUN_BY_ANALYZE = frozenset({"DELETE", "INSERT", "REPLACE", "SELECT", "UPDATE", "FORMAT", "WITH"})
LOCKS = re.compile(r"\bfor\s+update\b|\block\s+in\s+share\s+mode\b", re.I)
FILE_OF_CLIENT = re.compile(r"\bload\s+(?:data|xml)\s+(?:low_priority\s+|concurrent\s+)?local\b", re.I)
LOCAL_FILES = 'The driver sends no file unless the OPTIONS of the alias have "local_infile": True.'
OWN_TRANSACTIONS = (
    "Transactions and their ids belong to the backend: use transaction.atomic and write_once, "
    "transaction.set_autocommit where a session is to commit nothing by itself, or begin and end a "
    "transaction in statements of their own."
)
ACCOUNTS = "An account is the same on all nodes: "
REFUSED = {
    ("XA", ""): "A transaction of several databases is none of the cluster's: use transaction.atomic.",
    ("USE", ""): (
        "The connection stays in its database, where its commits are acknowledged: for another database define an "
        "alias of its own in DATABASES."
    ),
    ("SET", "PASSWORD"): f"{ACCOUNTS}change its password in the settings and run setup_nodes.",
    ("SET", "DEFAULT"): f"{ACCOUNTS}an administrator gives it its roles on each of them.",
}
"""What is refused by its first words, or its first one, and what to do instead."""


class Kind(Enum):
    """What a statement may do to replicated rows, or to the transaction."""

    READ = auto()
    LOCKING = auto()
    """It changes nothing and locks rows, of which the primary alone is asked."""
    ROWS = auto()
    """It changes rows and has one answer; something may be sent behind it in the same round trip."""
    WRITE = auto()
    """It may change rows, in one transaction or in several."""
    BEGIN = auto()
    COMMIT = auto()
    COMMITTING = auto()
    """It commits what is open, then does what it says, or is refused."""
    ROLLBACK = auto()
    FOREIGN = auto()
    """It is refused (`refusal`): several statements with a transaction of their own, the session's id, what decides
    where a transaction ends, and what would be done on one node alone."""


READING = frozenset({Kind.READ, Kind.LOCKING})
APART = frozenset({Kind.COMMITTING, Kind.FOREIGN})
"""What is never one of several statements in a text."""


@lru_cache(maxsize=512)
def kind(sql: str, *, escapes: bool = True) -> Kind:
    """What the statement may do; `sql` before its parameters are filled in.

    escapes: whether a backslash in a literal escapes, as it does unless NO_BACKSLASH_ESCAPES is in the sql_mode.
    """
    found = PREPARED.match(sql)
    if found and kind(unquoted(found[1])) in (Kind.BEGIN, Kind.COMMIT, Kind.ROLLBACK, Kind.FOREIGN):
        return Kind.FOREIGN
    return kind_of_bare(bare(sql, escapes=escapes))


def reads_file_of_client(sql: str) -> bool:
    """Whether the server will ask the driver for a file; one that may not send it waits for ever behind a statement."""
    return FILE_OF_CLIENT.search(bare(sql)) is not None


def refusal(sql: str) -> str:
    """Return why a statement that is FOREIGN is refused, and what to do instead."""
    reasons = (reason(*first_words(part)) for part in bare(sql).split(";"))
    return next(filter(None, reasons), OWN_TRANSACTIONS)


def reason(word: str, second: str) -> str | None:
    """Return why a statement is refused by its first words, None where it is not."""
    return REFUSED.get((word, second)) or REFUSED.get((word, ""))


def needs_primary(found: Kind, sql: str) -> bool:
    """Whether a first statement must not be tried on a replica, which may lack the rows and then refuses nothing.

    A procedure may only read, and is tried: one that writes is refused with its first row.
    """
    return found in (Kind.LOCKING, Kind.ROWS) or (found is Kind.WRITE and first_words(sql)[0] != "CALL")


def unquoted(literal: str) -> str:
    """Return the text of a literal, roughly: enough for its words."""
    return literal[1:-1].replace(literal[0] * 2, literal[0]).replace("\\", "")


def bare(sql: str, *, escapes: bool = True) -> str:
    """Return a text with nothing in its literals, nor in its quoted names but the words that are settings."""
    return (TOKEN if escapes else PLAIN_TOKEN).sub(emptied, sql)


def emptied(found: re.Match[str]) -> str:
    """Return a comment as it is, a literal without its content."""
    text = found[0]
    if found["comment"] is not None or SETTING_NAME.fullmatch(text):
        return text
    return text[0] * 2


def kind_of_bare(sql: str) -> Kind:
    """Return the kind of a text whose literals are empty."""
    word, second = first_words(sql)
    several = SEVERAL.search(sql) is not None
    if reason(word, second) or NAMES_ITSELF.search(sql) or moves_the_end(word, second, sql):
        return Kind.FOREIGN
    if several:
        return kind_of_several(word, second, sql)
    if word in ROWS:
        return Kind.WRITE if UNCLEAR.search(sql) else Kind.ROWS
    if (found := control(word, second)) is not None:
        return found
    if not reads(word, second, sql):
        return Kind.WRITE
    return Kind.LOCKING if LOCKS.search(sql) else Kind.READ


def first_words(sql: str) -> tuple[str, str]:
    """Return the first two words in capitals, empty where there are none."""
    found = FIRST.match(sql)
    return (found[1].upper(), (found[2] or "").upper()) if found else ("", "")


def kind_of_several(word: str, second: str, sql: str) -> Kind:
    """The kind of a text with semicolons in it: several statements, or one with a body or a literal that has some."""
    kinds = {kind_of_bare(part) for part in sql.split(";") if part.strip()}
    if kinds <= READING:
        return max(kinds, key=lambda found: found is Kind.LOCKING)
    if word in ("CREATE", "ALTER") or (word, second) == ("BEGIN", "NOT"):  # a body, to which they belong
        return Kind.WRITE
    return Kind.FOREIGN if OWN_CONTROL.search(sql) or kinds & APART else Kind.WRITE


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
    if COMMITTING.fullmatch(word) and not (word == "ANALYZE" and second in RUN_BY_ANALYZE):
        return Kind.COMMITTING
    return Kind.COMMIT if word == "COMMIT" else None


def reads(word: str, second: str, sql: str) -> bool:
    """Whether a single statement changes no row."""
    if word == "WITH":
        return CHANGE.search(sql) is None
    return word in READS and (word, second) != ("SET", "STATEMENT")
