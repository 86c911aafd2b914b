"""Load IMDb's files of titles and ratings into the catalogue."""

from argparse import ArgumentTypeError
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connections, router

from cluster.management.verbs import REFUSALS, VerbCommand
from titles.files import importer
from titles.files.importer import Outcome, Source, Survey
from titles.files.problems import Problems
from titles.files.tsv import FileProblem
from titles.models import Title

TYPES = "movie,short"
MAX_BATCH = 5_000


class Command(VerbCommand):
    """Reads both files once to check them and once more to write what differs."""

    help = (
        "Load IMDb's title.basics.tsv and title.ratings.tsv (plain or .gz) through the log. New "
        "titles are inserted, stored ones updated in place, others left alone. May be killed and "
        "run again: what is stored already is not written twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --basics, --ratings, and how to read them."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("--basics", required=True, type=Path, metavar="F", help="title.basics.tsv or .tsv.gz")
        add("--ratings", required=True, type=Path, metavar="F", help="title.ratings.tsv or .tsv.gz")
        add("--types", default=TYPES, help=f"types to load, by commas, or all (default: {TYPES})")
        add("--batch", type=_batch, default=1000, metavar="N", help="titles a transaction (1000)")
        add("--bad-rows", type=Path, metavar="F", help="list every skipped row here")

    def act(
        self, *, basics: Path, ratings: Path, types: str, bad_rows: Path | None, batch: int, **options: object
    ) -> None:
        """Survey, write, report."""
        started = monotonic()
        source = Source.at(basics, ratings, _types(types))
        using = router.db_for_write(Title)
        try:
            problems = Problems(bad_rows)
            found, outcome = self._load(source, using, problems, batch)
            problems.close()
        except FileProblem as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(_stopped(error, using)) from error
        self._report(found, outcome, problems, monotonic() - started)

    def _load(self, source: Source, using: str, problems: Problems, batch: int) -> tuple[Survey, Outcome]:
        with self.progress("Checking (bytes)", _size(source.basics.path)) as tick:
            found = importer.survey(source, using, problems, batch, tick)
        if not found.titles:
            raise CommandError(_nothing_wanted(source, problems))
        with self.progress("Writing (titles)", found.titles) as tick:
            return found, importer.write(found, using, batch, tick)

    def _report(self, found: Survey, done: Outcome, problems: Problems, seconds: float) -> None:
        for problem in problems.first:
            self.say(f"Skipped: {problem}.")
        if more := problems.count - len(problems.first):
            self.say(f"... and {more} more; --bad-rows FILE lists them all.")
        numbers = found.statistics
        self.say(
            f"Loaded {found.titles} titles in {seconds:.1f} s: {done.inserted} inserted, "
            f"{done.updated} updated, {done.unchanged} unchanged, {problems.count} bad rows skipped. "
            f"Mean rating {numbers.mean_rating}, votes threshold {numbers.votes_threshold}."
        )
        self.result(
            titles=found.titles,
            **vars(done),
            bad_rows=problems.count,
            first_bad_rows=[str(problem) for problem in problems.first],
            mean_rating=float(numbers.mean_rating),
            votes_threshold=numbers.votes_threshold,
            seconds=round(seconds, 3),
        )


def _batch(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_BATCH:
        raise ArgumentTypeError(f"must be a whole number from 1 to {MAX_BATCH}, not {text}")
    return int(text)


def _types(text: str) -> frozenset[str] | None:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise CommandError("--types names no type. Name some: movie,short, or all.", returncode=2)
    return None if names == {"all"} else names


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _nothing_wanted(source: Source, problems: Problems) -> str:
    kinds = "" if source.types is None else f" of the types {', '.join(sorted(source.types))}"
    return (
        f"{source.basics.path} has no title{kinds} that can be loaded, and {problems.count} bad rows. "
        "Nothing was written."
    )


def _stopped(error: DatabaseError, using: str) -> str:
    """Return what the server reported, and how to go on."""
    reason = str(error.args[-1]) if error.args else str(error)
    if error.args and error.args[0] not in REFUSALS:
        reason = f"{node_of(using)}: {reason}"
    return (
        f"{reason.rstrip('.')}. The load stopped; what was written stays. "
        "Run load_titles again to go on from there."
    )


def node_of(using: str) -> str:
    """Return the node that the connection is to."""
    connection: Any = connections[using]  # of the cluster's backend
    return str(connection.node.label)
