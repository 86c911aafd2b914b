"""Fail back to Main."""

from django.core.management.base import CommandParser

from cluster.actions.failover.demote import demote_node_a
from cluster.conf import conf
from cluster.management.verbs import VerbCommand, timeout_argument
from cluster.nodes.cluster import connect_all
from cluster.protocol.sentences import ALREADY_VICE, DEMOTED


class Command(VerbCommand):
    """Main becomes the primary again, Node A its vice."""

    help = "Fail back from Node A to Main. Refused while Main is behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --timeout."""
        super().add_arguments(parser)
        timeout_argument(parser)

    def act(self, *, timeout: float, **options: object) -> None:
        """Switch over and say so."""
        done = demote_node_a(
            connect_all(timeout=5.0),
            reason="An operator ran demote_node_a.",
            lease_seconds=conf().lease_seconds,
            timeout=timeout,
        )
        self.say(DEMOTED if done else ALREADY_VICE)
        self.result(
            primary="main",
            demoted=done is not None,
            epoch=done and done.epoch,
            pause_seconds=done.pause if done else None,
        )
