"""Tokens with which programs write through the API."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from titles import tokens


class Command(BaseCommand):
    """Prints a new token, which is shown this once."""

    help = "Print a new token of a user for the JSON API; only its hash is stored. --revoke ends all of the user's."

    def add_arguments(self, parser: CommandParser) -> None:
        """USER and --revoke."""
        parser.add_argument("user", metavar="USER", help="the name that the user signs in with")
        parser.add_argument("--revoke", action="store_true", help="end all tokens of the user instead")

    def handle(self, *, user: str, revoke: bool, **options: object) -> None:
        """Print a new token, or revoke all. Raises CommandError when there is no such user."""
        users = get_user_model()
        owner = users.objects.filter(**{users.USERNAME_FIELD: user}).first()
        if owner is None:
            raise CommandError(f"There is no user {user}. Create one in the admin or with create_admin.")
        if revoke:
            self.stdout.write(f"{tokens.revoke(owner)} tokens of {user} ended.")
        else:
            self.stdout.write(tokens.issue(owner))
