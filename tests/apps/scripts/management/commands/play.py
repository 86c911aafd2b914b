"""Write with apps what a project writes with them."""

from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Runs the scripts that are named."""

    help = "Run scripts of tests/apps/scripts, one after the other."

    def add_arguments(self, parser: CommandParser) -> None:
        """Their names."""
        parser.add_argument("scripts", nargs="+")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run them in the order given."""
        for name in options["scripts"]:
            import_module(f"tests.apps.scripts.{name}").write()
            self.stdout.write(name)
