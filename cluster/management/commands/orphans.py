"""Show the transactions that the cluster did not keep, and decide what becomes of them."""

from argparse import SUPPRESS
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, TypedDict, Unpack

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from cluster.actions.operations.orphan_decisions import (
    Decided,
    Line,
    Shown,
    dismiss,
    listed,
    reapply,
    reopen,
    show,
)
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all
from cluster.nodes.log.orphan import DISMISSED, PENDING, REAPPLIED, Orphan

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LISTED = 100
"""How many a person is shown."""
TIMEOUT = 5.0
STATUSES = {status.lower(): status for status in (PENDING, REAPPLIED, DISMISSED)}


class Options(TypedDict, total=False):
    """The arguments of the subcommands; each has its own of them."""

    verb: str
    status: str
    id: str
    ids: list[str]
    force: bool
    reason: str
    yes: bool


class Command(VerbCommand):
    """list, show, reapply, dismiss, reopen."""

    help = "The transactions that were orphaned: list them, show one, apply them again or dismiss them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a subcommand and its arguments."""
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|reapply|dismiss|reopen")
        list_ = verb(verbs, "list", "one line for each that waits for a decision")
        list_.add_argument("--status", choices=[*STATUSES, "all"], default="pending")
        verb(verbs, "show", "the row before, after the orphaned write, and now").add_argument(
            "id", metavar="ID"
        )
        reapply_ = decision(verbs, "reapply", "write whole transactions once more")
        reapply_.add_argument("--force", action="store_true", help="also over rows that changed since")
        dismiss_ = decision(verbs, "dismiss", "leave transactions as they are, for good")
        dismiss_.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with them")
        decision(verbs, "reopen", "take dismissals back")

    def act(self, **options: Unpack[Options]) -> None:
        """Do the subcommand."""
        self.nodes = connect_all(timeout=TIMEOUT)
        verbs = {
            "list": self.list, "show": self.show, "reapply": self.reapply, "dismiss": self.dismiss,
            "reopen": self.reopen,
        }  # fmt: skip
        verbs[options["verb"]](options)

    def list(self, options: Options) -> None:
        """Print one line each, all of them for a script."""
        status = STATUSES.get(options["status"])
        found, total = listed(self.nodes, status, None if self.as_json else LISTED)
        self.result(orphans=[facts(orphan) for orphan in found])
        if self.as_json:
            return
        if found:
            self.print_table(overview(found))
        what = f"{options['status']} orphaned entries" if status else "orphaned entries"
        more = f"; the first {LISTED} are shown" if total > len(found) else ""
        self.say(f"{total} {what}{more}.")

    def show(self, options: Options) -> None:
        """Three images side by side."""
        shown = show(self.nodes, options["id"])
        self.result(
            **facts(shown.orphan),
            before=shown.before,
            orphaned=shown.orphaned,
            now=shown.now,
            now_on=shown.node,
            together=shown.together,
            differences=[
                {"column": line.column, "changed_by_it": line.by_it, "changed_since": line.since}
                for line in shown.lines
                if line.by_it or line.since
            ],
        )
        if not self.as_json:
            self.say(headline(shown))
            self.print_table(images(shown))

    def reapply(self, options: Options) -> None:
        """Write them once more."""
        self.ask(f"Apply {', '.join(options['ids'])} again?", options)
        self.report(
            reapply(self.nodes, options["ids"], lease_seconds=conf().lease_seconds, force=options["force"])
        )

    def dismiss(self, options: Options) -> None:
        """Leave them."""
        self.ask(f"Dismiss {', '.join(options['ids'])}?", options)
        self.report(
            dismiss(self.nodes, options["ids"], lease_seconds=conf().lease_seconds, reason=options["reason"])
        )

    def reopen(self, options: Options) -> None:
        """Let them wait for a decision again."""
        self.ask(f"Take the dismissal of {', '.join(options['ids'])} back?", options)
        self.report(reopen(self.nodes, options["ids"], lease_seconds=conf().lease_seconds))

    def ask(self, question: str, options: Options) -> None:
        """Ask a person; a script has to say --yes."""
        if self.as_json and not options["yes"]:
            raise CommandError("--json asks no questions: add --yes.", returncode=2)
        self.confirmed(question, yes=options["yes"])

    def report(self, outcomes: Sequence[Decided]) -> None:
        """Print a sentence for each transaction; end with 1 when one was refused."""
        self.result(transactions=[asdict(outcome) for outcome in outcomes])
        for outcome in outcomes:
            if outcome.done:
                self.say(outcome.sentence)
        if refused := [outcome.sentence for outcome in outcomes if not outcome.done]:
            raise CommandError("\n".join(refused))


def verb(verbs: "_SubParsersAction[CommandParser]", name: str, what: str) -> CommandParser:
    """Return a subcommand; --json may stand behind it too."""
    parser = verbs.add_parser(name, help=what, description=f"{what.capitalize()}.")
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print the result as JSON")
    return parser


def decision(verbs: "_SubParsersAction[CommandParser]", name: str, what: str) -> CommandParser:
    """Return a subcommand that decides about some of them."""
    parser = verb(verbs, name, what)
    parser.add_argument("ids", nargs="+", metavar="ID", help="as `orphans list` shows them")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def facts(orphan: Orphan) -> dict[str, object]:
    """Return an orphaned entry for a script, its images left out."""
    kept = {k: v for k, v in orphan._asdict().items() if k not in ("old_value", "new_value")}
    return kept | {"written_at": f"{orphan.written_at}Z", "found_at": f"{orphan.found_at}Z"}


def overview(found: Sequence[Orphan]) -> Table:
    """Return one line for each."""
    table = Table("id", "operation", "table", "record", "written (UTC)", "found on", "status", "transaction")
    for orphan in found:
        table.add_row(
            orphan.id,
            orphan.operation_type,
            orphan.table_name,
            orphan.record_id,
            f"{orphan.written_at:%Y-%m-%d %H:%M:%S}",
            orphan.found_on,
            orphan.status,
            orphan.transaction_id,
        )
    return table


def headline(shown: Shown) -> str:
    """Return what it was and what became of it."""
    orphan = shown.orphan
    became = {
        PENDING: "It waits for a decision.",
        REAPPLIED: f"It was applied again as transaction {orphan.reapplied_as}.",
        DISMISSED: f"It was dismissed: {orphan.decision or 'an entry of the cluster itself'}",
    }[orphan.status]
    together = f" Its transaction has more entries: {', '.join(shown.together)}." if shown.together else ""
    return (
        f"{orphan.operation_type} of {orphan.row}, written by {orphan.source_node} in epoch {orphan.epoch} "
        f"at {orphan.written_at:%Y-%m-%d %H:%M:%S} UTC, found on {orphan.found_on}. {became}{together}"
    )


def images(shown: Shown) -> Table:
    """Return a column a line: before, orphaned, now; what differs is marked by words."""
    table = Table("column", "before", "orphaned", f"now on {shown.node.label}", "")
    rows = [image is not None for image in (shown.before, shown.orphaned, shown.now)]
    table.add_row("(row)", *("there" if there else "none" for there in rows), "")
    for line in shown.lines:
        cells = (line.before, line.orphaned, line.now)
        texts = [value(cell) if there else "" for cell, there in zip(cells, rows, strict=True)]
        table.add_row(line.column, *texts, mark(line))
    return table


def value(cell: object) -> str:
    """Return a value for people."""
    if cell is None:
        return "NULL"
    return f"0x{cell['hex']}" if isinstance(cell, dict) else str(cell)


def mark(line: Line) -> str:
    """Return which of the images differ."""
    words = [word for word, holds in (("changed by it", line.by_it), ("changed since", line.since)) if holds]
    return ", ".join(words)
