"""The whole system on this machine: private nodes, broker, web, replicator."""

import os
import shutil
from typing import Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from cluster.local import LocalNodeError, NodeStatus
from mco2site.stack.admin import sign_in
from mco2site.stack.errors import StackError
from mco2site.stack.local import LocalStack
from mco2site.stack.supervisor import ProgramStatus

VERBS = ("up", "down", "status", "logs", "clean")


class Command(BaseCommand):
    """Parses a verb, does it, and prints what the user needs next."""

    help = (
        "Start (up), stop (down), show (status), follow (logs) or remove (clean) the system that "
        "`make up` runs on this machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one verb."""
        parser.add_argument("verb", choices=VERBS)

    def handle(self, *, verb: str, **options: object) -> None:
        """Run the verb. Raises CommandError with the sentence of what went wrong."""
        self.console = Console(file=cast(Any, self.stdout)._out)
        try:
            getattr(self, f"_{verb}")(LocalStack(self.console))
        except (StackError, LocalNodeError) as error:
            raise CommandError(str(error)) from error

    def _up(self, stack: LocalStack) -> None:
        stack.up()
        self.stdout.write(f"\nSite     {stack.web}\nAdmin    {stack.web}admin/")
        self.stdout.write(f"User     admin\nPassword {sign_in()}")

    def _down(self, stack: LocalStack) -> None:
        stack.down()

    def _status(self, stack: LocalStack) -> None:
        table = Table("what", "state", "port", "pid", "for")
        for node in stack.nodes.values():
            table.add_row(*_node_row(node.status()))
        ports = {program.name: program.port for program in stack.supervisor.programs}
        found = {program.name: program for program in stack.supervisor.status()}
        for name, port in ports.items():
            table.add_row(*_program_row(name, port, found.get(name)))
        self.console.print(table)
        if any(node.pid for node in stack.nodes.values()):
            call_command("cluster_status", stdout=self.stdout)

    def _logs(self, stack: LocalStack) -> None:
        """Follow all logs until interrupted; does not return."""
        logs = [*stack.supervisor.directory.glob("*.log"), *stack.var.glob("nodes/*/error.log")]
        if not logs:
            raise StackError("There are no logs yet: `make up` starts the stack.")
        os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, sorted(logs))])  # noqa: S606, S607

    def _clean(self, stack: LocalStack) -> None:
        stack.down()
        shutil.rmtree(settings.VAR_DIR)
        self.stdout.write(f"Removed {settings.VAR_DIR}.")


def _node_row(status: NodeStatus) -> tuple[str, ...]:
    return (status.name, status.state, str(status.port), str(status.pid or ""), "")


def _program_row(name: str, port: int | None, status: ProgramStatus | None) -> tuple[str, ...]:
    if status is None:
        return (name, "stopped", str(port or ""), "", "")
    return (name, status.state, str(port or ""), str(status.pid or ""), f"{status.seconds} s")
