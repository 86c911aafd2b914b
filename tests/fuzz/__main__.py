"""Play seeds of the fuzzer, each with tables of its own: python -m tests.fuzz SEED [STATEMENTS [SEEDS]]."""

import argparse
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from tests.fuzz.play_seed import play_minutes, play_seeds  # noqa: E402 - only Django's settings make it importable
from tests.harness.control import control_database  # noqa: E402

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("seed", type=int, help="the first one")
parser.add_argument("statements", type=int, nargs="?", default=300, help="of each seed")
parser.add_argument("seeds", type=int, nargs="?", default=1, help="how many, from the first one on")
parser.add_argument("--faults", action="store_true", help="with faults between the statements")
parser.add_argument("--minutes", type=float, default=0, help="play seeds with faults for so long instead")
parser.add_argument("--only", default="", metavar="STEPS", help="only these steps of the history: 3,7-9")
parser.add_argument("--shrink", type=float, default=600, metavar="SECONDS", help="for a shorter history")
wanted = parser.parse_args()
with control_database():
    if wanted.minutes:
        scores = play_minutes(wanted.minutes, wanted.seed, wanted.statements, wanted.shrink)
    else:
        scores = play_seeds(
            range(wanted.seed, wanted.seed + wanted.seeds),
            wanted.statements,
            faults=wanted.faults,
            only=wanted.only,
            shrinking=wanted.shrink,
        )
sys.exit(not all(score.passed for score in scores))
