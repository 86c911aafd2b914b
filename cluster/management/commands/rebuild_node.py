"""Rebuild a node that is empty or beyond repair from the primary."""

from dataclasses import asdict

from django.core.management.base import CommandParser

from cluster.actions.maintenance.rebuild import amount, rebuild
from cluster.actions.steps.observe import observe
from cluster.conf import conf
from cluster.management.rates import RatedCommand
from cluster.management.verbs import node_argument
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName


class Command(RatedCommand):
    """Asks first: what the node holds is replaced."""

    help = (
        "Make a node that is empty or beyond repair what the primary is, while writes go on. Entries that only "
        "this node has are kept as orphaned transactions. May be interrupted and repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take NODE and --yes."""
        super().add_arguments(parser)
        node_argument(parser, help="main, node_a or node_b; not the primary")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def act(self, *, node: NodeName, yes: bool, **options: object) -> None:
        """Ask, rebuild, say what the node holds now."""
        nodes = connect_all()
        self.confirmed(f"Replace all that {node.label} holds by what the primary holds?", yes=yes)
        view = observe(connect_all(timeout=conf().probe_timeout))
        with self.progress(f"Rebuilding {node.label}", amount(nodes, view)) as tick:
            done = rebuild(nodes, node, lease_seconds=conf().lease_seconds, progress=tick)
        self.say(done.sentence)
        if done.orphaned:
            self.say(f"{done.orphaned} entries that only {node.label} had were orphaned; see `orphans list`.")
        self.result(**asdict(done))
