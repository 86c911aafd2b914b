"""Promote Node A because Main takes no writes."""

from django.core.management.base import CommandError, CommandParser

from cluster.actions.failover.failover import promote_node_a
from cluster.actions.failover.force import force, risks
from cluster.actions.failover.promote import Promotion
from cluster.actions.steps.observe import observe
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName
from cluster.protocol.sentences import ALREADY_ACTING, PROMOTED

REASON = "An operator ran promote_node_a."


class Command(VerbCommand):
    """Node A becomes the primary of a new epoch."""

    help = "Make Node A the primary in place of a Main that failed. Refused while Main is healthy."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --force."""
        super().add_arguments(parser)
        parser.add_argument(
            "--force",
            action="store_true",
            help="without a majority: lists what may be lost and wants the name of the node typed",
        )

    def act(self, *, force: bool, **options: object) -> None:
        """Promote and say so."""
        done = self.force() if force else self.promote()
        self.say(PROMOTED if done else ALREADY_ACTING)
        self.result(
            primary="node_a",
            promoted=done is not None,
            epoch=done and done.epoch,
            seconds=done and round(done.seconds, 3),
            orphaned=done.orphaned if done else 0,
        )

    def promote(self) -> Promotion | None:
        """Promote by the vote of a majority."""
        nodes = connect_all(timeout=conf().probe_timeout)
        return promote_node_a(nodes, reason=REASON, lease_seconds=conf().lease_seconds)

    def force(self) -> Promotion:
        """Promote for an operator who has read what it may cost."""
        nodes = connect_all(timeout=conf().probe_timeout)
        view = observe(nodes)
        self.stderr.write("\n".join(risks(view, NodeName.NODE_A)))
        self.stderr.write(f"Type {NodeName.NODE_A} to promote it all the same: ", ending="")
        if input().strip() != NodeName.NODE_A:
            raise CommandError("Nothing was done: that is not the name of the node.")
        return force(
            nodes,
            view,
            NodeName.NODE_A,
            reason=f"{REASON[:-1]} --force.",
            lease_seconds=conf().lease_seconds,
        )
