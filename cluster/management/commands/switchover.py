"""Switch over to another node, planned."""

from django.core.management.base import CommandParser

from cluster.actions.failover.switchover import give_writes
from cluster.conf import conf
from cluster.management.verbs import VerbCommand, node_argument, timeout_argument
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName


class Command(VerbCommand):
    """The node named becomes the primary."""

    help = "Switch over to a node that is in sync, or promote it when no node takes writes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --to and --timeout."""
        super().add_arguments(parser)
        node_argument(parser, "--to", required=True, help="the new primary")
        timeout_argument(parser)

    def act(self, *, to: NodeName, timeout: float, **options: object) -> None:
        """Switch over and say how long nobody took writes."""
        done = give_writes(
            connect_all(timeout=5.0),
            to,
            reason="An operator ran switchover.",
            lease_seconds=conf().lease_seconds,
            timeout=timeout,
        )
        self.say(done.sentence)
        self.result(primary=to.value, epoch=done.epoch, pause_seconds=done.pause)
