"""Measure the list page at a million titles, on one scratch server: python bench/bench_titles_list.py [TITLES].

The titles are copies of the sample with other identifiers, years, ratings and votes. Every filter and order that
the page offers is asked for, at its first page and at pages far behind it; what counts is the whole page, as the
site answers it. The server has the memory of the local stack.
"""

import itertools
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from cluster.conf import CONTROL_ALIAS  # noqa: E402
from cluster.nodes.connection import Connection  # noqa: E402
from tests.harness.cluster import Cluster  # noqa: E402
from tests.harness.servers import ScratchServers  # noqa: E402
from titles.models import Title  # noqa: E402
from titles.reading.keyset import ORDERS, Order, encoded  # noqa: E402
from titles.views.reading import RATINGS, VOTES  # noqa: E402

GOAL = 50.0
"""Milliseconds."""
TITLES = 1_000_000
SAMPLED = 240
"""Combinations of filters and orders, of all that there are."""
DEPTHS = (0, 1_000, 100_000, 700_000)
YEARS = (
    "",
    "year=1895",
    "year=1994",
    "year=1980&until=1989",
    "year=1900&until=1929",
    "until=1910",
    "year=2026",
)
WORDS = (
    "godfather", "the godf", "love", "lo", "man", "and", "the", "star wars", "man of the", "tt9000", "up", "s",
)  # fmt: skip

COPY = (
    "INSERT INTO title_ft (tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, startYear, weightedRating)"
    " SELECT CONCAT('tt', 10000000 + %s * 100000 + SUBSTR(tconst, 5)), primaryTitle, runtimeMinutes, @rating :="
    " LEAST(10, GREATEST(1, averageRating + (CAST(CRC32(CONCAT(tconst, %s)) %% 7 AS SIGNED) - 3) / 10)), @votes :="
    " numVotes + CRC32(CONCAT(%s, tconst)) %% 50, LEAST(2026, startYear + %s),"
    " weighted_rating(@rating, @votes, 5.9329, 2143) FROM title_ft WHERE tconst LIKE 'tt90%%' LIMIT %s"
)


@dataclass(frozen=True)
class Answer:
    """One page and how long it took, the best of three, in milliseconds."""

    address: str
    milliseconds: float
    rows: int


def fill(root: Connection, wanted: int) -> None:
    """Copy the sample, past the guard and the log: what is measured is reading."""
    secret = root.row("SELECT secret FROM apply_secret")[0]
    root.run("SET @federated_operation = %s", (secret,))
    stored = int(root.row("SELECT COUNT(*) FROM title_ft")[0])
    for copy in itertools.count(1):
        if stored >= wanted:
            break
        stored += root.run(COPY, (copy, copy, copy, copy, wanted - stored))
    root.run("ANALYZE TABLE title_ft")


def addresses() -> Iterator[str]:
    """Yield what a reader may ask for: filters, orders and depths drawn at random, then every search in every order."""
    chance = random.Random(1)
    ratings = ["", *(f"rating={least}" for least in RATINGS)]
    votes = ["", *(f"votes={least}" for least in VOTES)]
    filters = list(itertools.product(YEARS, ratings, votes))
    for order in ORDERS.values():
        cursors = [cursor(order, depth) for depth in DEPTHS]
        for chosen in chance.sample(filters, SAMPLED // len(ORDERS)):
            start = chance.choice(cursors)
            yield "/?" + "&".join(filter(None, [*chosen, f"order={order.name}", start]))
        yield from (f"/?order={order.name}&{start}" for start in cursors)
        yield from (f"/?search={words}&order={order.name}" for words in WORDS)


def cursor(order: Order, depth: int) -> str:
    """Return the parameter that begins so far down in the whole list."""
    rows = Title.objects.filter(order.members).order_by(*order.terms).values_list(*order.columns)
    found = rows[depth : depth + 1].first() if depth else None
    return f"cursor={encoded(order, found)}" if found else ""


def asked(client: Client, address: str) -> Answer:
    """One page, three times."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - start) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}.")
    return Answer(address, min(taken), answer.content.count(b"<tr>"))


def report(answers: list[Answer]) -> None:
    """Print the figures, beside their goal, and what took longest."""
    taken = sorted(answer.milliseconds for answer in answers)
    over = sum(milliseconds > GOAL for milliseconds in taken)
    figure = (
        f"{taken[-1]:.0f} ms at most, median {statistics.median(taken):.0f} ms, {over} of {len(taken)} over"
    )
    print(f"{'list page, every filter and order':<42} {figure:<60} goal: under {GOAL:.0f} ms", flush=True)
    plain = max(a.milliseconds for a in answers if "year" not in a.address and "search" not in a.address)
    print(f"{'the same without a year or a search':<42} {plain:.0f} ms at most", flush=True)
    for answer in sorted(answers, key=lambda one: -one.milliseconds)[:5]:
        print(f"    {answer.milliseconds:5.0f} ms {answer.rows:4} rows  {answer.address[:90]}", flush=True)


def figures(client: Client) -> None:
    """Time the statistics page: counted the first time, kept then."""
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        client.get("/statistics")
        taken.append((time.perf_counter() - start) * 1000)
    figure = f"{taken[0]:.0f} ms counted, {taken[1]:.0f} ms kept"
    print(f"{'statistics page':<42} {figure:<60} goal: no seconds on each view", flush=True)


def main(wanted: int) -> None:
    """Load, copy, ask."""
    made = setup_databases(verbosity=0, interactive=False, aliases={CONTROL_ALIAS})
    servers = ScratchServers()
    try:
        with servers.pointed() as conf:
            cluster = Cluster(servers, conf)
            try:
                cluster.begin()
                measure(cluster, wanted)
            finally:
                cluster.end()
    finally:
        servers.close()
        teardown_databases(made, verbosity=0)


def measure(cluster: Cluster, wanted: int) -> None:
    """Everything on Main."""
    folder = ROOT / "titles" / "sample"
    files = (
        "--basics",
        str(folder / "title.basics.tsv.gz"),
        "--ratings",
        str(folder / "title.ratings.tsv.gz"),
    )
    start = time.perf_counter()
    done = cluster.manage("load_titles", *files, timeout=300)
    if done.returncode:
        raise SystemExit(done.stderr)
    print(f"{'load_titles of the sample':<42} {time.perf_counter() - start:.1f} s", flush=True)
    root = cluster.connect("main", "root", 300.0)
    root.run("SET GLOBAL innodb_buffer_pool_size = 256 * 1024 * 1024")
    fill(root, wanted)
    client = Client()
    report([asked(client, address) for address in addresses()])
    figures(client)


if __name__ == "__main__":
    settings.ALLOWED_HOSTS.append("testserver")
    settings.DEBUG = False
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TITLES)
