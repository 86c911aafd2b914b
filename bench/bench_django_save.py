"""Measure Title.save() acknowledged beside the same save on plain InnoDB: python bench/bench_django_save.py

Both go to the same server and are measured in turn, one of each, so that the machine's mood falls on both. The plain
one is Django's own MySQL backend on tables without triggers.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench_main_job import Stage, say, stage
from django.db import connections, transaction

from cluster.backend import write_once
from titles.models import Title, TitleStatistics

PAIRS, WARM_UP = 400, 40
GOAL = 3.0
PLAIN = "plain"


@contextmanager
def plain_database(here: Stage) -> Iterator[None]:
    """Give a database on Main's server with the catalogue's tables and nothing else."""
    root = here.servers.connect("main", "root")
    root.run(f"CREATE DATABASE {PLAIN} CHARACTER SET utf8mb4")
    account = here.servers.admin
    connections.databases[PLAIN] = connections.databases["main"] | {
        "ENGINE": "django.db.backends.mysql",
        "NAME": PLAIN,
        "USER": account.user,
        "PASSWORD": account.password,
    }
    try:
        with connections[PLAIN].schema_editor() as editor:
            for model in (Title, TitleStatistics):
                editor.create_model(model)
        yield
    finally:
        connections[PLAIN].close()
        root.run(f"DROP DATABASE {PLAIN}")


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    name: str,
    plain: Callable[[], object],
    acknowledged: Callable[[], object],
    goal: str = f"at most {GOAL:.0f} x",
) -> None:
    """Both in turn; their medians and the ratio beside the goal."""
    pairs = [(timed(plain), timed(acknowledged)) for _ in range(WARM_UP + PAIRS)][WARM_UP:]
    usual, ours = (statistics.median(seconds) * 1000 for seconds in zip(*pairs, strict=True))
    figure = f"{ours:.2f} ms, plain {usual:.2f} ms: {ours / usual:.1f} x"
    say(name, figure, goal)


def saves(here: Stage) -> None:
    """One editor who saves one title again and again."""
    title, twin = (
        Title(tconst="tt9999999", primary_title="Bench", average_rating="7.5", num_votes=0) for _ in range(2)
    )

    def save(which: Title, using: str | None = None) -> None:
        which.num_votes += 1
        which.save(using=using)

    def save_in_block() -> None:
        with transaction.atomic(using=PLAIN):
            save(twin, PLAIN)

    for each, using in ((title, None), (twin, PLAIN)):
        save(each, using)
    compare("Title.save(), acknowledged", lambda: save(twin, PLAIN), lambda: save(title))
    compare("write_once beside a plain block", save_in_block, lambda: write_once(lambda: save(title)))
    compare(
        "reading a title by its key",
        lambda: Title.objects.using(PLAIN).get(pk="tt9999999"),
        lambda: Title.objects.get(pk="tt9999999"),
        goal="what it costs without us",
    )
    here.cluster.settle()


def main() -> None:
    """On three scratch servers, with the replicator in a process of its own."""
    with stage() as made, plain_database(made):
        saves(made)


if __name__ == "__main__":
    main()
