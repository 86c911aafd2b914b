"""Tokens with which programs write through the API."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from titles.tokens import issue, revoke


class Command(BaseCommand):
    """Prints a new token, which is shown this once."""

    help = "Print a new token of a user for the JSON API; only its hash is stored. --revoke ends all of the user's."

    def add_arguments(self, parser: CommandParser) -> None:
        """USER and --revoke."""
        parser.add_argument("user", metavar="USER", help="the name that the user signs in with")
        parser.add_argument("--revoke", action="store_true", help="end all tokens of the user instead")

    def handle(self, **options: Any) -> None:
        """Print a new token, or revoke all. Raises CommandError when there is no such user."""
        users = get_user_model()
        user = users.objects.filter(**{users.USERNAME_FIELD: options["user"]}).first()
        if user is None:
            raise CommandError(
                f"There is no user {options['user']}. Create one in the admin or with create_admin."
            )
        if options["revoke"]:
            self.stdout.write(f"{revoke(user)} tokens of {options['user']} ended.")
        else:
            self.stdout.write(issue(user))
