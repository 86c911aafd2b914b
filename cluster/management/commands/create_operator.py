"""Operators' accounts, from the shell."""

import getpass
import os
import sys
from typing import Any, cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cluster.models import Operator

VARIABLE = "OPERATOR_PASSWORD"


class Command(BaseCommand):
    """Makes an account that signs in on the operators' pages while every node is dead, or changes it."""

    help = f"Create an operator's account, or give it a new password. Asks for it, or reads {VARIABLE}."

    def add_arguments(self, parser: CommandParser) -> None:
        """NAME, --read-only and --disable."""
        parser.add_argument("name", metavar="NAME", help="the name that the operator signs in with")
        parser.add_argument("--read-only", action="store_true", help="may see everything and start no action")
        parser.add_argument("--disable", action="store_true", help="end the account and its sign-ins instead")

    def handle(self, *, name: str, disable: bool, read_only: bool, **options: object) -> None:
        """Set the password. Raises CommandError when there is no password or no such account."""
        operator = Operator.objects.filter(username=name).first()
        if disable:
            if operator is None:
                raise CommandError(f"There is no operator {name}.")
            operator.is_active = False
            operator.save()
            self.stdout.write(f"{name} cannot sign in any more.")
            return
        made = operator or Operator(username=name)
        made.set_password(checked(password_for(name), made))
        made.is_active, made.may_act = True, not read_only
        made.save()
        done = "has a new password" if operator else "was created"
        self.stdout.write(f"The operator {name} {done}; {'may act' if made.may_act else 'may only read'}.")


def password_for(name: str) -> str:
    """Return the password of the environment, or as it was typed twice. Raises CommandError."""
    if given := os.environ.get(VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise CommandError(f"No password was given. Set {VARIABLE} where nobody can type.")
    try:
        typed = getpass.getpass(f"Password for {name}: ")
        again = getpass.getpass("Again: ")
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("No password was given.") from error
    if not typed or typed != again:
        raise CommandError("The two passwords differ." if typed else "An empty password is none.")
    return typed


def checked(password: str, operator: Operator) -> str:
    """Return a password that the site's rules allow. Raises CommandError."""
    try:
        validate_password(password, cast("Any", operator))
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
