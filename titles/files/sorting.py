"""A file's rows in the order of their first column, for files that are not shipped in it."""

import sqlite3
import weakref
from collections.abc import Iterator

from titles.files.tsv import BadRow, Row, TsvFile

NULL = r"\N"


class SortedFile(TsvFile):
    """Like TsvFile, but sorted by the first wanted column and by line; unreadable lines come first.

    The rows lie on disk, in an SQLite database without a name, which SQLite removes by itself.
    """

    def __init__(self, file: TsvFile) -> None:
        super().__init__(file.path, file.columns)
        self._spool: sqlite3.Connection | None = None

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every line after the header; `position` and `size` count rows. Raises FileProblem."""
        spool = self._spool = self._spool or self._filled()
        self.size = spool.execute("SELECT count(*) FROM line").fetchone()[0]
        sorted_lines = spool.execute("SELECT number, bad, fields FROM line ORDER BY bad DESC, name, number")
        for self.position, (number, bad, fields) in enumerate(sorted_lines, start=1):
            yield BadRow(number, fields) if bad else Row(number, _values(fields))

    def _filled(self) -> sqlite3.Connection:
        spool = sqlite3.connect("", isolation_level=None)
        weakref.finalize(self, spool.close)
        spool.execute("PRAGMA journal_mode = OFF")
        spool.execute("CREATE TABLE line (number INTEGER, bad INTEGER, name TEXT, fields TEXT)")
        spool.execute("BEGIN")
        spool.executemany("INSERT INTO line VALUES (?, ?, ?, ?)", map(_stored, super().rows()))
        spool.execute("COMMIT")
        return spool


def _stored(row: Row | BadRow) -> tuple[int, bool, str, str]:
    if isinstance(row, BadRow):
        return row.number, True, "", row.reason
    fields = [NULL if value is None else value for value in row.values]
    return row.number, False, fields[0], "\t".join(fields)


def _values(fields: str) -> tuple[str | None, ...]:
    return tuple(None if field == NULL else field for field in fields.split("\t"))
