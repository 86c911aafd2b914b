"""What the commands share: sentences on stdout, reasons on stderr, ends 0, 1 or 2."""

import getpass
import json
import socket
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from cluster.actions.events import journal
from cluster.actions.steps.reconcile import Progress as Tick
from cluster.protocol.errors import INVALID, NOT_ACKNOWLEDGED, NOT_WRITABLE, STALE_EPOCH, ClusterError
from cluster.protocol.names import NodeName

REFUSALS = frozenset({NOT_WRITABLE, STALE_EPOCH, NOT_ACKNOWLEDGED, INVALID})
"""Numbers of the errors with which a node says in a sentence why it refuses."""
FILING_SECONDS = 3.0
"""Seconds that a command waits at its end for rows of the journal and for alerts."""


class VerbCommand(BaseCommand):
    """A command that calls one action. A refusal or a failure is its reason and the end code 1."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --json: every verb can answer a script."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, json: bool, **options: object) -> None:
        """Run the verb and turn the cluster's errors into one line."""
        self.as_json = json
        try:
            with journal.acting_as(self.actor()):
                self.act(**options)
        except ClusterError as error:
            raise CommandError(str(error)) from error
        finally:
            self.file_events()

    def actor(self) -> str:
        """Return who acts: the person at this machine, and by which command."""
        command = type(self).__module__.rsplit(".", 1)[-1]
        return f"{getpass.getuser()} at {socket.gethostname()}, {command}"

    def file_events(self) -> None:
        """Wait a moment for the journal; say so when its rows could not be written."""
        if not journal.finish(FILING_SECONDS):
            self.stderr.write(
                "What happened could not be written to the journal: see the log for the reason."
            )

    def act(self, *args: Any, **options: Any) -> None:
        """Run the verb itself. Each command names the options that it takes."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Print a sentence for a person; a script reads only the result."""
        if not self.as_json:
            self.stdout.write(sentence)

    def result(self, **facts: object) -> None:
        """Print the result for a script."""
        if self.as_json:
            self.stdout.write(json.dumps(facts))

    def print_table(self, table: Table) -> None:
        """Print a table for a person: as wide as the terminal, or wide enough for a file."""
        width = None if self.stdout.isatty() else 160
        Console(file=cast(IO[str], self.stdout), width=width, markup=False, highlight=False).print(table)

    def confirmed(self, question: str, *, yes: bool) -> None:
        """Go on only with a yes, from --yes or typed. Raises CommandError otherwise."""
        if not yes and input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.")

    @contextmanager
    def progress(self, label: str, total: int | None) -> Iterator[Tick]:
        """Show a progress bar on stderr, on a terminal alone; give the function that advances it."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        console = Console(stderr=True)
        hidden = self.as_json or not console.is_terminal
        with Progress(*columns, console=console, disable=hidden, transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda entries: bar.advance(task, entries)


def node_argument(
    parser: CommandParser, *flags: str, help: str = "main, node_a or node_b", **more: Any
) -> None:
    """Add an argument that names a node: NODE where nothing else is said. Its option is a NodeName."""
    flags, more = flags or ("node",), {"metavar": "NODE"} | more
    parser.add_argument(*flags, type=parse_node, help=help, **more)


def parse_node(word: str) -> NodeName:
    """Return the node that a command line names. Raises ArgumentTypeError."""
    try:
        return NodeName(word)
    except ValueError:
        raise ArgumentTypeError(f"{word!r} is no node; choose {', '.join(NodeName)}") from None


def timeout_argument(parser: CommandParser) -> None:
    """Take how long a verb may wait while writes go on."""
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="SECONDS", help="seconds to wait for the new primary"
    )
