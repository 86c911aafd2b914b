"""IMDb's file format: UTF-8 text, a row a line, columns parted by tabs, no quoting, `\\N` for no value.

The first line names the columns. A file may be compressed with gzip. Files are read as streams,
never held in memory.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

LONGEST_LINE = 1 << 20
"""Bytes. IMDb's lines are a thousand times shorter."""

GZIP_MAGIC = b"\x1f\x8b"


class FileProblem(Exception):
    """A file that cannot be read as a whole: missing, damaged, or not in IMDb's format."""


class Row(NamedTuple):
    """The wanted columns of a line, None for `\\N`; `number` counts lines from 1, the header."""

    number: int
    values: tuple[str | None, ...]


class BadRow(NamedTuple):
    """A line that was not understood, and why."""

    number: int
    reason: str


class TsvFile:
    """One file and where reading has got to in it (`position` of `size` bytes, as stored)."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.position = 0
        self.size = 0

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every line after the header. Raises FileProblem, also in the middle of a damaged file."""
        number = 1
        if self.path.exists() and not self.path.is_file():
            raise FileProblem(f"{self.path} is not a file. It is read twice, so it cannot be a pipe.")
        try:
            with self.path.open("rb") as stored:
                self.size = self.path.stat().st_size
                lines = self._lines(stored)
                width, wanted = self._header(next(lines, b""))
                for number, line in enumerate(lines, start=2):
                    yield _row(number, line, width, wanted)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FileProblem(
                f"{self.path}: the compressed data is damaged after line {number} ({error}). "
                "Get the file again."
            ) from error
        except OSError as error:
            raise FileProblem(f"{self.path} cannot be read: {error.strerror or error}.") from error

    def _lines(self, stored: BinaryIO) -> Iterator[bytes]:
        """Yield the lines without their ends, uncompressed where the file is compressed."""
        compressed = stored.read(2) == GZIP_MAGIC
        stored.seek(0)
        stream: BinaryIO = stored
        if compressed:
            stream = io.BufferedReader(gzip.GzipFile(fileobj=stored), buffer_size=1 << 16)
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                raise FileProblem(
                    f"{self.path}: line {number} is longer than {LONGEST_LINE} bytes. "
                    "This is not a file in IMDb's format."
                )
            self.position = stored.tell()
            yield line.rstrip(b"\r\n")

    def _header(self, line: bytes) -> tuple[int, list[int]]:
        """Return how many columns there are, and where the wanted ones stand."""
        names = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\t")
        missing = [name for name in self.columns if name not in names]
        if missing:
            raise FileProblem(
                f"{self.path}: the first line names no column {' or '.join(missing)}. It must be "
                f"IMDb's header: UTF-8 text, the columns {', '.join(self.columns)} parted by tabs."
            )
        return len(names), [names.index(name) for name in self.columns]


def _row(number: int, line: bytes, width: int, wanted: list[int]) -> Row | BadRow:
    try:
        values = line.decode("utf-8").split("\t")
    except UnicodeDecodeError as error:
        return BadRow(number, f"is not UTF-8 text (byte {error.start + 1} of the line)")
    if len(values) != width:
        return BadRow(number, f"has {len(values)} columns, not {width}")
    return Row(number, tuple(None if values[i] == r"\N" else values[i] for i in wanted))
