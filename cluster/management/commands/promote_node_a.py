"""Promote Node A because Main takes no writes."""

from typing import Any

from cluster.actions.failover import ALREADY, DONE, promote_node_a
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all


class Command(VerbCommand):
    """Node A becomes the primary of a new epoch."""

    help = "Make Node A the primary in place of a Main that failed. Refused while Main is healthy."

    def act(self, **options: Any) -> None:
        """Promote and say so."""
        nodes = connect_all(timeout=conf().probe_timeout)
        done = promote_node_a(
            nodes, reason="An operator ran promote_node_a.", lease_seconds=conf().lease_seconds
        )
        self.say(DONE if done else ALREADY)
        self.result(
            primary="node_a",
            promoted=done is not None,
            epoch=done and done.epoch,
            seconds=done and round(done.seconds, 3),
            orphaned=done.orphaned if done else 0,
        )
