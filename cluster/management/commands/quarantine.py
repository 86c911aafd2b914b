"""Show the rows that a node could not store, and try them again."""

from django.core.management.base import CommandError, CommandParser
from rich.table import Table

from cluster.actions.maintenance.quarantine import NodeQuarantine, listed, retry
from cluster.management.verbs import VerbCommand, node_argument
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName

TIMEOUT = 30.0
"""Seconds that one node may take."""


class Command(VerbCommand):
    """list, retry."""

    help = (
        "Rows whose newest entry a node has in its log and cannot store in the table. Such a node is not promoted; "
        "everything else goes on. Mend the cause (quarantine list names it), then retry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a subcommand and a node."""
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|retry")
        for name, described in (
            ("list", "each row, with the entry and the server's reason"),
            ("retry", "store them now that their cause is mended"),
        ):
            made = verbs.add_parser(name, help=described)
            made.add_argument("--json", action="store_true", help="print the result as JSON")
            node_argument(made, nargs="?", help="one node; all without")

    def act(self, *, node: NodeName | None, verb: str, **options: object) -> None:
        """Do the subcommand."""
        nodes = connect_all(timeout=TIMEOUT)
        chosen = [nodes[node]] if node else list(nodes.values())
        if verb == "list":
            self.list(listed(chosen))
            return
        done = [retry(node) for node in chosen]
        for one in done:
            self.say(one.sentence)
        self.result(nodes={one.node.value: {"released": one.released, "held": one.held} for one in done})
        if any(one.held for one in done):
            raise CommandError("Some rows still cannot be stored.")

    def list(self, found: list[NodeQuarantine]) -> None:
        """Print one line a row."""
        self.result(
            nodes={
                one.node.value: {"error": one.error, "entries": [entry._asdict() for entry in one.entries]}
                for one in found
            }
        )
        if self.as_json:
            return
        table = Table("node", "table", "row", "entry", "transaction", "reason", "tried at (UTC)")
        for one in found:
            for entry in one.entries:
                place = f"{entry.log_id} of epoch {entry.epoch}"
                table.add_row(
                    one.node.label, entry.table_name, entry.record_id, place, entry.transaction_id or "",
                    entry.reason, entry.tried_at[:19],
                )  # fmt: skip
        if table.row_count:
            self.print_table(table)
        for one in found:
            if one.error:
                self.say(one.error)
        if not table.row_count:
            self.say("No row is quarantined.")
