"""Plays fault scenarios on three scratch nodes under write load and prints a scorecard.

Every score is kept as a line of var/drill/history.jsonl, so that runs can be compared.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.conf import settings
from rich.console import Console
from rich.table import Table

from tests.drill import scenarios  # noqa: F401 - puts all scenarios on the list
from tests.drill.calm import calm_run
from tests.drill.random_run import random_run
from tests.drill.scenario import SCENARIOS, Scenario
from tests.drill.score import Score, as_line, perform
from tests.fuzz.play_seed import play_minutes
from tests.harness.control import control_database
from tests.harness.servers import ScratchServers

SEED = 1
FUZZ_MINUTES, FUZZ_STATEMENTS, SHRINK_SECONDS = 10.0, 150, 300.0
FUZZ_HELP = (
    "play random statements with faults between them for so long at the end; 10 with all scenarios, else 0"
)
WIDE = 120
"""Columns of the scorecard in a file or a pipe."""
GOALS = {"planned": (0.15, None), "01": (1.2, 0.8), "04": (2.0, 1.3), "11": (2.0, 1.3)}
"""Seconds without an acknowledged write that a scenario may cost, with the default and with the fast settings."""


def main(arguments: Sequence[str]) -> int:
    """Play what was asked for; 0 when everything was right."""
    wanted = parse(arguments)
    if wanted.list:
        listed = [{"number": s.number, "name": s.name, "right": s.right} for s in SCENARIOS.values()]
        Console().print_json(json.dumps(listed))
        return 0
    console = Console(stderr=True, width=None if sys.stderr.isatty() or "COLUMNS" in os.environ else WIDE)
    history = Path(settings.VAR_DIR) / "drill" / "history.jsonl"
    history.parent.mkdir(parents=True, exist_ok=True)
    began = round(time.time())
    scores: list[Score] = []
    with control_database(), closing(ScratchServers()) as servers:
        for scenario in chosen(wanted):
            console.print(f"{scenario.number} {scenario.name} ...")
            score = perform(servers, scenario, fast=wanted.fast, processes=wanted.busy)
            console.print(told(score))
            scores.append(score)
            with history.open("a") as file:
                file.write(as_line(score, goal(score), began) + "\n")
    if wanted.fuzz:
        with control_database(), history.open("a") as file:
            fuzzed = play_minutes(wanted.fuzz, wanted.seed, FUZZ_STATEMENTS, SHRINK_SECONDS)
            file.writelines(as_line(score, None, began) + "\n" for score in fuzzed)
        scores += fuzzed
    if wanted.json:
        Console().print_json(json.dumps([score.facts() for score in scores]))
    console.print(scorecard(scores))
    console.print(f"Every run is a line of {history}.")
    return 0 if all(score.passed for score in scores) else 1


def goal(score: Score) -> float | None:
    """Return what its gap is measured by."""
    return GOALS.get(score.number, (None, None))[score.fast]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="scenarios to play; none: all")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="play each so many times")
    parser.add_argument("--fast", action="store_true", help="with the fast settings of docs/failover.md")
    parser.add_argument("--minutes", type=float, default=0, help="play random faults for so long instead")
    parser.add_argument("--fuzz", type=float, metavar="MINUTES", help=FUZZ_HELP)
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of the random faults, and the first one of --fuzz"
    )
    parser.add_argument(
        "--calm", type=float, default=0, metavar="MINUTES", help="play no fault for so long instead"
    )
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="beside N processes that compute")
    parser.add_argument("--list", action="store_true", help="print all scenarios as JSON and play none")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON on stdout")
    wanted = parser.parse_args(arguments)
    if unknown := set(wanted.numbers) - set(SCENARIOS):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(sorted(SCENARIOS))}")
    if wanted.fuzz is None:
        wanted.fuzz = 0 if wanted.numbers or wanted.minutes or wanted.calm else FUZZ_MINUTES
    return wanted


def chosen(wanted: argparse.Namespace) -> list[Scenario]:
    """Return the scenarios to play, in turn."""
    if wanted.minutes:
        return [random_run(wanted.minutes, wanted.seed)]
    if wanted.calm:
        return [calm_run(wanted.calm)]
    return [SCENARIOS[number] for number in wanted.numbers or sorted(SCENARIOS) for _ in range(wanted.runs)]


def told(score: Score) -> str:
    """One line about one play."""
    said = "right" if score.passed else "WRONG: " + " ".join(score.problems)
    return (
        f"   gap {score.gap:.2f} s, {score.lost} of {score.acknowledged} lost, {score.promotions} promotions, "
        f"{score.without_primary:.2f} s without a primary, {said}"
    )


def scorecard(scores: Sequence[Score]) -> Table:
    """One row a scenario; of several plays the median, and the worst in brackets."""
    table = Table("", "scenario", "right", "gap", "lost", "orphaned", "double", "rejoin", title="Fault drill")
    for number in dict.fromkeys(score.number for score in scores):
        plays = [score for score in scores if score.number == number]
        table.add_row(
            number,
            plays[0].name,
            f"{sum(score.passed for score in plays)} of {len(plays)}",
            spread([score.gap for score in plays]),
            str(sum(score.lost for score in plays)),
            str(sum(score.orphaned for score in plays)),
            str(sum(score.double for score in plays)),
            spread([score.rejoin for score in plays if score.rejoin is not None]),
        )
    return table


def spread(seconds: Sequence[float]) -> str:
    """Return the median and, of several, the worst."""
    if not seconds:
        return ""
    worst = f" ({max(seconds):.2f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.2f} s{worst}"
