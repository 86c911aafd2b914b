#!/usr/bin/env python
"""Runs a management command of this site: `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mco2site.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
