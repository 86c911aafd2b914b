"""Let one node catch up with the primary."""

from django.core.management.base import CommandParser

from cluster.management.recovery import RecoveryCommand
from cluster.management.verbs import node_argument
from cluster.protocol.names import NodeName


class Command(RecoveryCommand):
    """Any node but the primary."""

    help = "Let a node that was away catch up with the primary. May be interrupted and repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take NODE."""
        super().add_arguments(parser)
        node_argument(parser)

    def act(self, *, node: NodeName, **options: object) -> None:
        """Recover it."""
        self.recover(node)
