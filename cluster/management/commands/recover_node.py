"""Bring one node level with the primary."""

from typing import Any

from django.core.management.base import CommandParser

from cluster.management.recovery import RecoveryCommand
from cluster.management.verbs import node_argument
from cluster.protocol.names import NodeName


class Command(RecoveryCommand):
    """Any node but the primary."""

    help = "Bring a node that was away level with the primary. May be interrupted and repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """NODE."""
        super().add_arguments(parser)
        node_argument(parser, "node", metavar="NODE", help="main, node_a or node_b")

    def act(self, **options: Any) -> None:
        """Recover it."""
        self.recover(NodeName(options["node"]))
