"""The catalogue as a plain SQL client sees it, for the tests beside this file."""

from contextlib import closing
from typing import Any

import MySQLdb
import pytest

from cluster.protocol.errors import INVALID

Rows = tuple[tuple[Any, ...], ...]

NAMES = ("tconst", "primaryTitle", "runtimeMinutes", "averageRating", "numVotes", "startYear")
GOOD: tuple[Any, ...] = ("tt0000001", "A Film", 90, "8.1", 10, 1999)


def changed(**values: Any) -> list[Any]:
    """Return the arguments of a good title with some of them changed."""
    return [values.get(name, given) for name, given in zip(NAMES, GOOD, strict=True)]


def run(connection: MySQLdb.Connection, sql: str, *values: Any) -> Rows:
    """Run one statement; the rows of its only result set."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else ()


def call(connection: MySQLdb.Connection, procedure: str, *values: Any) -> Rows:
    """Call a procedure; its rows."""
    return run(connection, f"CALL {procedure}({', '.join(['%s'] * len(values))})", *values)


def error(connection: MySQLdb.Connection, procedure: str, *values: Any) -> tuple[int, str]:
    """Return the number and the sentence with which a call ends."""
    with pytest.raises(MySQLdb.OperationalError) as caught:
        call(connection, procedure, *values)
    number, sentence = caught.value.args
    return int(number), str(sentence)


def refusal(connection: MySQLdb.Connection, procedure: str, *values: Any) -> str:
    """Return the sentence with which a call is refused as invalid."""
    number, sentence = error(connection, procedure, *values)
    assert number == INVALID, sentence
    return sentence


def entries(connection: MySQLdb.Connection) -> int:
    """How many row changes the log has."""
    return int(run(connection, "SELECT COUNT(*) FROM transaction_log WHERE log_type = 'ROW'")[0][0])


def title(connection: MySQLdb.Connection, tconst: str = "tt0000001") -> tuple[Any, ...] | None:
    """Return the columns of a title, None when there is none."""
    rows = run(connection, "SELECT * FROM title_ft WHERE tconst = %s", tconst)
    return rows[0] if rows else None
