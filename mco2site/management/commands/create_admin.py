"""The first user of the site."""

from django.core.management.base import BaseCommand, CommandError

from mco2site.stack.admin import create_admin
from mco2site.stack.errors import StackError


class Command(BaseCommand):
    """Creates the user that signs in first."""

    help = "Create the user admin with the password ADMIN_PASSWORD, unless there is one."

    def handle(self, **options: object) -> None:
        """Make the account. Raises CommandError when there is no password."""
        try:
            created = create_admin()
        except StackError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Created admin." if created else "There is an admin already.")
