"""Compare tables and logs of all nodes, name what differs, put it right on request."""

import json

from django.core.management.base import CommandError, CommandParser

from cluster.actions.steps.observe import observe
from cluster.actions.verification import background
from cluster.actions.verification.differences import SHOWN, Differences
from cluster.actions.verification.repair import Repair
from cluster.actions.verification.repair import repair as repair_differences
from cluster.actions.verification.verify import Verification, amount, verify
from cluster.conf import conf
from cluster.management.rates import RatedCommand
from cluster.nodes.cluster import connect_all
from cluster.protocol.view import ClusterView

TIMEOUT = 10.0
"""Seconds that one answer may take: a span of rows is hashed in a fraction of one."""


class Command(RatedCommand):
    """Ends with 0 only when all nodes were compared and are equal."""

    help = (
        "Compare all replicated tables and the logs of all nodes by checksum, and their definitions, triggers, "
        "routines, rights and settings; name what differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --repair."""
        super().add_arguments(parser)
        parser.add_argument(
            "--repair",
            action="store_true",
            help="bring rows that differ to what the primary holds, then compare again",
        )

    def act(self, *, repair: bool, **options: object) -> None:
        """Compare; with --repair put right what differs and compare again."""
        self.nodes = connect_all(timeout=TIMEOUT)
        verification, differences = self.verify()
        repaired = None
        if repair and differences.count:
            self.show(verification, differences)
            repaired = repair_differences(self.nodes, self.observe(), differences)
            self.say(repaired.sentence)
            verification, differences = self.verify()
        background.proved(verification)
        self.show(verification, differences)
        if self.as_json:
            self.print_json(verification, differences, repaired)
        if not verification.equal:
            raise CommandError(verification.sentence)
        self.say(verification.sentence)

    def observe(self) -> ClusterView:
        """Return the nodes as they are now; a silent one costs no more than a probe."""
        return observe(connect_all(timeout=conf().probe_timeout))

    def verify(self) -> tuple[Verification, Differences]:
        """Compare once, with a progress bar."""
        view, differences = self.observe(), Differences()
        with self.progress("Comparing", amount(self.nodes, view)) as tick:
            return verify(self.nodes, view, on_difference=differences.add, progress=tick), differences

    def show(self, verification: Verification, differences: Differences) -> None:
        """Print the first differences, one a line."""
        for item in differences.first:
            self.say(item.sentence)
        if differences.count > SHOWN:
            self.say(f"... and {differences.count - SHOWN} more; --json lists all.")

    def print_json(
        self, verification: Verification, differences: Differences, repaired: Repair | None
    ) -> None:
        """Print one document, written difference by difference: there may be very many."""
        facts = {
            "equal": verification.equal,
            "sentence": verification.sentence,
            "reference": verification.reference,
            "rows": verification.rows,
            "tables": verification.tables,
            "entries": verification.entries,
            "lag": verification.lag,
            "unreachable": verification.unreachable,
            "uncompared": verification.uncompared,
            "objects": verification.objects,
            "repaired": repaired
            and {"rows": repaired.rows, "entries": repaired.entries, "left": repaired.left},
        }
        self.stdout.write(json.dumps(facts)[:-1] + ', "differences": [', ending="")
        for number, item in enumerate(differences.facts()):
            self.stdout.write((", " if number else "") + json.dumps(item), ending="")
        self.stdout.write("]}")
