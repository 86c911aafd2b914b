"""Run Django's suites on both backends and print what ends otherwise: python -m tests.django_suites [SUITE ...].

Ends with 1 where a difference is not among the known ones. The test databases of the cluster's alias are ordinary
ones on Main's server, as those of every app are: this checks statements, errors and settings, not the replication.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up

from cluster.local.scratch import memory  # noqa: E402
from tests.django_suites.known import DIFFERENT, SUITES  # noqa: E402
from tests.django_suites.source import unpacked  # noqa: E402
from tests.harness.forking import ROOT  # noqa: E402
from tests.harness.servers import ScratchServers  # noqa: E402

ENGINES = ("django.db.backends.mysql", "cluster.backend")
OUTCOME = re.compile(
    r"^(?P<test>\w+ \([\w.]+\)).*? \.\.\. (?P<outcome>ok|FAIL|ERROR|skipped|expected failure)", re.M | re.S
)


def say(sentence: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main(suites: list[str]) -> int:
    """Run both and compare; 1 where something unknown differs."""
    tests = unpacked(settings.VAR_DIR / "django")
    servers = ScratchServers(memory())
    try:
        ends = [run(engine, suites or list(SUITES), tests, servers) for engine in ENGINES]
    finally:
        servers.close()
    for engine, outcomes in zip(ENGINES, ends, strict=True):
        say(f"{engine}: {len(outcomes)} tests, {dict(Counter(outcomes.values()))}")
    return report(*ends)


def run(engine: str, suites: list[str], tests: Path, servers: ScratchServers) -> dict[str, str]:
    """Return how each test ended by one backend; what was said stays below var/."""
    places = {
        "admin": {"USER": servers.admin.user, "PASSWORD": servers.admin.password},
        "nodes": {name.value: servers.database(node) for name, node in servers.local.items()},
        "policy": servers.policy(),
    }
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.django_suites.settings",
        "SUITES_ENGINE": engine,
        "SUITES_PLACES": json.dumps(places),
    }
    command = [sys.executable, "runtests.py", "--parallel=1", "--noinput", "-v", "2", *suites]
    log = tests.parent.parent / f"{engine}.log"
    with log.open("w") as said:
        subprocess.run(command, cwd=tests, env=environment, stdout=said, stderr=said, check=False)
    say(f"What {engine} said: {log}")
    return {found["test"]: found["outcome"] for found in OUTCOME.finditer(log.read_text(errors="replace"))}


def report(expected: dict[str, str], found: dict[str, str]) -> int:
    """Print what ended otherwise."""
    differing = {test for test in expected | found if expected.get(test) != found.get(test)}
    for test in sorted(differing):
        reason = DIFFERENT.get(test, "not known")
        say(
            f"{test}: {expected.get(test, 'not run')}, on the cluster's backend {found.get(test, 'not run')}: {reason}"
        )
    unknown = differing - DIFFERENT.keys()
    say(f"{len(differing)} tests end otherwise, {len(unknown)} of them for no known reason.")
    return 1 if unknown or not expected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
