"""Dump one node to a file that any MariaDB restores."""

from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandParser

from cluster.actions.maintenance.dump import dump
from cluster.management.verbs import VerbCommand, node_argument
from cluster.nodes.cluster import connect
from cluster.protocol.names import NodeName


class Command(VerbCommand):
    """Asks no other node, so it works while the others are away."""

    help = (
        "Write a node's rows, log and configuration, as of one moment, to an SQL file that any MariaDB restores, while "
        "writes go on. Left out is what setup_nodes makes: triggers, procedures, federated tables, secrets."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take NODE and FILE."""
        super().add_arguments(parser)
        node_argument(parser)
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="where to write it; replaced when complete"
        )

    def act(self, *, node: NodeName, file: Path, **options: object) -> None:
        """Dump it."""
        done = dump(connect(node), file)
        self.say(done.sentence)
        self.result(**asdict(done))
