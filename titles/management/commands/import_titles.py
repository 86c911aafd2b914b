"""Import titles from a CSV file."""

import uuid
from functools import reduce
from operator import add
from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from cluster.backend import NoPrimary, NotAcknowledged
from cluster.management.verbs import VerbCommand
from titles.files import table
from titles.writing import bulk
from titles.writing.edits import Stored

SHOWN = 20


class Command(VerbCommand):
    """Imports titles, or counts what an import would do."""

    help = (
        "Import titles from a CSV file in UTF-8 whose first line names the columns; existing titles are changed. "
        "May be repeated: what is stored already is not written again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and --dry-run."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file")
        parser.add_argument("--dry-run", action="store_true", help="count what would be done; write nothing")

    def act(self, *, file: Path, dry_run: bool, **options: object) -> None:
        """Import the file. Raises CommandError for one that cannot be read and when nobody takes writes."""
        try:
            read = table.read(table.decode(file.read_bytes()))
        except (OSError, table.BadTable) as error:
            raise CommandError(f"{file}: {error}") from error
        for line in read.bad[:SHOWN]:
            self.say(f"Line {line.line} is skipped: {line.reason}")
        if (more := len(read.bad) - SHOWN) > 0:
            self.say(f"... and {more} more lines.")
        done = table.plan(read) if dry_run else self._write(read)
        would = "would be " if dry_run else ""
        self.say(
            f"{done.inserted} titles {would}created, {done.updated} {would}updated, {done.unchanged} unchanged, "
            f"{len(read.bad)} lines skipped."
        )
        self.result(**vars(done), bad_lines=len(read.bad), dry_run=dry_run)

    def _write(self, read: table.Table) -> Stored:
        try:
            return reduce(add, bulk.write(read, str(uuid.uuid4())), Stored())
        except (NoPrimary, NotAcknowledged) as error:
            raise CommandError(
                f"{error} What was written stays; run it again to go on from there."
            ) from error
