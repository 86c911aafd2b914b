"""Print a node's set-up as a script, for a server that a mariadb client alone can reach."""

from django.core.management.base import BaseCommand, CommandParser

from cluster.actions.maintenance.setup import console_script
from cluster.management.verbs import node_argument
from cluster.protocol.names import NodeName


class Command(BaseCommand):
    """The script goes to the standard output; no server is asked."""

    help = "Print the SQL that sets a node up: tables, triggers, procedures, accounts. `source` runs it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --node."""
        node_argument(parser, "--node", required=True, help="the node that the script is for")

    def handle(self, *, node: NodeName, **options: object) -> None:
        """Print it."""
        self.stdout.write(console_script(node), ending="")
