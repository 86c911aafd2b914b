"""python -m tests.fuzz SEED [STATEMENTS [SEEDS]]: play a seed, or so many from it on, with tables of their own."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from tests.fuzz.play_seed import play_seeds  # noqa: E402 - only Django's settings make it importable

first, statements, seeds = (*map(int, sys.argv[1:]), *(1, 300, 1)[len(sys.argv) - 1 :])
sys.exit(play_seeds(range(first, first + seeds), statements))
