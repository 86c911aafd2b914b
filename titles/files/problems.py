"""The lines of the input that were skipped: all counted, the first kept, all listed on request."""

from pathlib import Path
from typing import TextIO

from titles.files.records import Problem
from titles.files.tsv import FileProblem


class Problems:
    """Collects problems in little memory. `path` gets a line for each: file, line number, reason."""

    SHOWN = 20

    def __init__(self, path: Path | None = None) -> None:
        self.count = 0
        self.first: list[Problem] = []
        self._file = _opened(path) if path else None

    def __call__(self, problem: Problem) -> None:
        """Take note of a line that was skipped."""
        self.count += 1
        if len(self.first) < self.SHOWN:
            self.first.append(problem)
        if self._file:
            self._file.write(f"{problem.path.name}\t{problem.line}\t{problem.reason}\n")

    def clear(self) -> None:
        """Forget all: the files are read from their beginning again."""
        self.count = 0
        self.first.clear()
        if self._file:
            self._file.seek(0)
            self._file.truncate()

    def close(self) -> None:
        """Finish the file."""
        if self._file:
            self._file.close()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise FileProblem(f"{path} cannot be written: {error.strerror or error}.") from error
