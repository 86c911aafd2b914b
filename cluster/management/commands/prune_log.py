"""Keep the log short: archive old entries that every node has."""

from dataclasses import asdict

from django.core.management.base import CommandParser

from cluster.actions.maintenance.prune import bound, prune
from cluster.actions.steps.observe import observe
from cluster.conf import conf
from cluster.management.rates import RatedCommand
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName


class Command(RatedCommand):
    """Takes nothing that a node may still need."""

    help = (
        "Move entries that are older than DAYS, that every node has and that a newer one of the same record "
        "supersedes, from transaction_log to archived_entry, while writes go on. May be interrupted and repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --keep and --dry-run."""
        super().add_arguments(parser)
        parser.add_argument(
            "--keep",
            type=int,
            metavar="DAYS",
            help="keep entries of so many days; CLUSTER_KEEP_DAYS if not given",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say how far it would go, and change nothing"
        )

    def act(self, *, keep: int | None, dry_run: bool, **options: object) -> None:
        """Prune all nodes."""
        nodes = connect_all()
        days = conf().keep_days if keep is None else keep
        view = observe(connect_all(timeout=conf().probe_timeout))
        if dry_run:
            _, upto = bound(nodes, view, days)
            self.say(f"Superseded entries up to log id {upto:,} would be archived on each node.")
            self.result(upto=upto)
            return
        total = sum(state.watermark.log_id - state.pruned for state in view.reachable)
        with self.progress(f"Archiving on {len(NodeName)} nodes", total) as tick:
            done = prune(nodes, view, days=days, progress=tick)
        self.say(done.sentence)
        self.result(**asdict(done))
