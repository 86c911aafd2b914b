"""Show every node and the sentence that sums them up."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cluster.actions.reports.status import status
from cluster.actions.verification.proof import proof
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.names import NodeName

WIDTH = 132
"""Columns of text where there is no terminal to ask."""
COLUMNS = (
    "node",
    "mode",
    "epoch",
    "reachable",
    "lease left",
    "log position",
    "lag",
    "behind",
    "last contact",
)


class Command(VerbCommand):
    """Observes the nodes once, or every second with --watch."""

    help = "One row a node: mode, epoch, lease, log position, lag; then what it means."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --watch."""
        super().add_arguments(parser)
        parser.add_argument("--watch", action="store_true", help="renew it every second until Ctrl+C")

    def act(self, *, watch: bool, **options: object) -> None:
        """Print it once or keep it on the screen."""
        nodes = connect_all(timeout=conf().probe_timeout)
        rounds = (self.observe(nodes) for _ in iter(int, 1))
        if watch and not self.as_json:
            self.watch(rounds)
        elif self.as_json:
            self.stdout.write(json.dumps(next(rounds)))
        else:
            self.print_once(next(rounds))

    @staticmethod
    def observe(nodes: Mapping[NodeName, MariaDBNode]) -> dict[str, Any]:
        """Return the nodes as they answer now, and what the comparison in the background has come to."""
        return status(nodes, conf()) | {"comparison": proof().facts}

    def print_once(self, facts: dict[str, Any]) -> None:
        """Print the page on the screen; wide enough for every column where there is no screen."""
        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        with console.capture() as page_text:
            console.print(page(facts))
        self.stdout.write(page_text.get(), ending="")

    def watch(self, rounds: Iterator[dict[str, Any]]) -> None:
        """Renew the page every second until the operator has seen enough."""
        with Live(page(next(rounds)), console=Console(), auto_refresh=False) as live:
            try:
                for facts in rounds:
                    live.update(page(facts), refresh=True)
                    time.sleep(1)
            except KeyboardInterrupt:
                return


def page(facts: dict[str, Any]) -> Group:
    """Return the table and the sentence."""
    table = Table(*COLUMNS)
    for name in NodeName:
        table.add_row(*row(name, facts))
    below = [f"State: {facts['state']}.", facts["comparison"]["sentence"]]
    if facts["blockers"]:
        below.append(f"No node can take over: {facts['blockers']}")
    if facts["orphans"]:
        below.append(f"Orphaned transactions to decide on: {facts['orphans']}. Run orphans list.")
    below.append(facts["sentence"])
    below += [
        f"{name.label}: {node['error']}" for name in NodeName if (node := facts["nodes"][name])["error"]
    ]
    return Group(table, *[Text(line) for line in below])


def row(name: NodeName, facts: dict[str, Any]) -> list[str]:
    """Return one node's cells. The primary is marked by a word, not by colour."""
    node = facts["nodes"][name]
    label = f"{name.label} (primary)" if facts["primary"] == name else name.label
    if not node["reachable"]:
        return [label, "unknown", "", "no", "", "", "", "", ""]
    return [
        label,
        node["mode"],
        str(node["epoch"]),
        "yes",
        "none" if node["lease_seconds"] is None else f"{max(node['lease_seconds'], 0):.1f} s",
        f"{node['entries']:,}",
        "" if node["lag_entries"] is None else f"{node['lag_entries']:,} entries",
        "" if node["lag_seconds"] is None else f"{node['lag_seconds']:.1f} s",
        (node["last_contact"] or "")[:19],
    ]
