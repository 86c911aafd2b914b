"""`make drill`: python -m tests.drill [NUMBER ...] [--runs N] [--fast] [--busy N] [--minutes M | --calm M]."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from tests.drill.run import main  # noqa: E402 - only Django's settings make it importable

sys.exit(main(sys.argv[1:]))
