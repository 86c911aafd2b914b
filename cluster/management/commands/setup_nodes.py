"""Put the kernel on the nodes, or list what is there."""

from django.core.management.base import CommandError, CommandParser

from cluster.actions.maintenance import setup
from cluster.actions.steps.observe import observe
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName


class Command(VerbCommand):
    """Set up all nodes or those named; when all are set up, the cluster gets its primary."""

    help = "Put tables, triggers, procedures and accounts on the nodes. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take NODE ... and --check."""
        super().add_arguments(parser)
        names = [name.value for name in NodeName]
        parser.add_argument(
            "nodes", nargs="*", metavar="NODE", help=f"{', '.join(names)}; all when none is named"
        )
        parser.add_argument(
            "--check", action="store_true", help="change nothing; list INSTALLED, OUTDATED, MISSING"
        )

    def act(self, *, nodes: list[str], check: bool, **options: object) -> None:
        """Check or set up."""
        try:
            names = [NodeName(name) for name in nodes] or list(NodeName)
        except ValueError as error:
            raise CommandError(f"{error}. The nodes are main, node_a and node_b.", returncode=2) from error
        if check:
            self.check_objects(names)
        else:
            self.set_up(names)

    def check_objects(self, names: list[NodeName]) -> None:
        """Print one line an object and node; end with 1 when something is not as it should be."""
        found = setup.check(names)
        self.result(
            objects=[{"node": f.node, "kind": f.kind, "name": f.name, "status": f.status} for f in found]
        )
        for item in found:
            self.say(f"{item.node.label:<7} {item.status:<9} {item.kind:<9} {item.name}")
        if wrong := [item for item in found if item.status is not Status.INSTALLED]:
            raise CommandError(f"{len(wrong)} objects are not installed as they should be; run setup_nodes.")

    def set_up(self, names: list[NodeName]) -> None:
        """Set up each node, then the first primary."""
        changed = {}
        before = connect_all()
        new = setup.is_new_cluster(before)
        for name in names:
            changed[name] = setup.set_up(name, tables=not new, like=setup.model_of(before, name))
            self.say(
                f"{name.label}: {changed[name]} objects installed."
                if changed[name]
                else f"{name.label}: everything is in place."
            )
        for name in names:
            for problem in [*setup.link(name), *setup.blurred(name)]:
                self.say(f"{name.label}: {problem}")
        nodes = connect_all()
        promotion = setup.begin(nodes, conf().lease_seconds) if len(names) == len(NodeName) else None
        if promotion:
            self.say(f"{promotion.node.name.label} takes writes in epoch {promotion.epoch}.")
        if new:
            self.say("The tables of the applications come with `manage.py migrate`.")
        primary = observe(nodes).primary
        self.result(
            changed={name.value: count for name, count in changed.items()}, primary=primary and primary.name
        )
