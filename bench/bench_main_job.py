"""Measure the main job on three scratch servers: python bench/bench_main_job.py [NAME ...].

Each line is a figure beside its goal. Where a figure depends on the machine's disk, the same writes on a
plain table of the same server stand beside it, measured in turn.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django  # noqa: E402

django.setup()

from cluster.actions.maintenance.setup import begin  # noqa: E402
from tests.harness.cluster import Cluster  # noqa: E402
from tests.harness.control import control_database  # noqa: E402
from tests.harness.servers import ScratchServers  # noqa: E402

UPDATE = "CALL distributed_update(%s, %s, 90, '7.5', %s, 1999)"
INSERT = "CALL distributed_insert(%s, %s, 90, '7.5', %s, 1999)"
MISSED, MANY_MISSED = 100_000, 1_000_000
PER_TRANSACTION = 1000


class Stage:
    """Three servers and a replicator in a process of its own, as in production."""

    def __init__(self, servers: ScratchServers, cluster: Cluster) -> None:
        self.servers, self.cluster = servers, cluster
        self.replicator = cluster.popen("replicate")

    def acknowledged(self, clients: int, writes: int) -> list[float]:
        """Seconds that each of `writes` acknowledged updates took, for each of `clients` sessions."""
        taken: list[float] = []
        failed: list[str] = []

        def work(number: int) -> None:
            session = self.servers.connect("main", "app", 30.0)
            tconst = f"tt{8_000_000 + number}"
            try:
                session.rows(INSERT, (tconst, "Bench", 1))
                for votes in range(writes):
                    start = time.perf_counter()
                    session.rows(UPDATE, (tconst, "Bench", votes + 1))
                    taken.append(time.perf_counter() - start)
                session.rows("CALL distributed_delete(%s)", (tconst,))
            except Exception as error:  # noqa: BLE001 - any error of a writer is a result here
                failed.append(str(error))

        run_all(work, clients)
        if failed:
            raise SystemExit(f"{len(failed)} of {clients} writers failed: {failed[0]}")
        return taken


def run_all(work: Callable[[int], None], number: int) -> None:
    """Run `work` in threads and wait for all."""
    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def milliseconds(seconds: list[float], share: float = 0.5) -> float:
    """Return a quantile in milliseconds."""
    return sorted(seconds)[int(len(seconds) * share)] * 1000


def say(name: str, figure: str, goal: str) -> None:
    """One line of the result."""
    print(f"{name:<42} {figure:<34} goal: {goal}", flush=True)


def one_client(stage: Stage) -> None:
    """Time an acknowledged write of one idle client, beside a plain write of the same server."""
    root = stage.servers.connect("main", "root")
    root.run("CREATE TABLE IF NOT EXISTS plain LIKE title_ft")
    root.run("INSERT IGNORE INTO plain (tconst, primaryTitle) VALUES ('tt1', 'x')")
    plain, done = [], []
    for _ in range(10):
        done += stage.acknowledged(1, 30)
        for _ in range(30):
            start = time.perf_counter()
            root.run("UPDATE plain SET numVotes = COALESCE(numVotes, 0) + 1")
            plain.append(time.perf_counter() - start)
    root.run("DROP TABLE plain")
    ratio = statistics.median(done) / statistics.median(plain)
    say(
        "acknowledged write, one client, median",
        f"{milliseconds(done):.1f} ms ({ratio:.1f} x plain)",
        "under 5 ms",
    )


def many_clients(stage: Stage) -> None:
    """16 sessions that call distributed_update."""
    start = time.perf_counter()
    done = stage.acknowledged(16, 200)
    rate = len(done) / (time.perf_counter() - start)
    say("16 clients, distributed_update", f"{rate:.0f}/s, median {milliseconds(done):.1f} ms", "no error")


def sample(stage: Stage) -> None:
    """Load the sample through the log."""
    folder = ROOT / "titles" / "sample"
    start = time.perf_counter()
    done = stage.cluster.manage(
        "load_titles",
        "--basics", str(folder / "title.basics.tsv.gz"),
        "--ratings", str(folder / "title.ratings.tsv.gz"),
        timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    say("load_titles of the sample", f"{time.perf_counter() - start:.1f} s", "under 30 s")


def failover(stage: Stage) -> None:
    """Kill Main, promote Node A, let Main miss 100,000 entries, recover it and give it back the writes."""
    stage.cluster.kill("main")
    start = time.perf_counter()
    promoted = json.loads(stage.cluster.manage("promote_node_a", "--json").stdout)
    whole = time.perf_counter() - start
    say(
        "promote_node_a, Main dead",
        f"{promoted['seconds'] * 1000:.0f} ms ({whole:.1f} s with Python's start)",
        "under 1 s",
    )
    miss(stage, MISSED)
    handed = json.loads(stage.cluster.manage("demote_node_a", "--json").stdout)
    say("demote_node_a, in sync", f"writes pause {handed['pause_seconds'] * 1000:.0f} ms", "under 200 ms")


def long_recovery(stage: Stage) -> None:
    """As failover, with ten times as many missed entries: memory must not grow with them."""
    stage.cluster.kill("main")
    stage.cluster.manage("promote_node_a")
    miss(stage, MANY_MISSED)


def miss(stage: Stage, entries: int) -> None:
    """Node A writes so many entries; Main comes back and recovers."""
    write_many(stage, entries)
    stage.cluster.start("main")
    recover(stage, entries)


def write_many(stage: Stage, entries: int) -> None:
    """Write what Main misses."""
    session = stage.servers.connect("node_a", "cluster", 60.0)
    for number in range(entries // PER_TRANSACTION):
        session.run("SET @current_transaction_id = UUID()")
        session.run(
            "INSERT INTO title_ft (tconst, primaryTitle, numVotes)"
            f" SELECT CONCAT('tt', {2_000_000 + number * PER_TRANSACTION} + seq), CONCAT('Title ', seq), seq"
            f" FROM seq_1_to_{PER_TRANSACTION}"
        )


def recover(stage: Stage, entries: int) -> None:
    """recover_main with its time and its memory."""
    start = time.perf_counter()
    process = stage.cluster.popen("recover_main", "--json")
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    if status:
        raise SystemExit(process.stderr.read() if process.stderr else "recover_main failed")
    figure = f"{entries / taken:.0f}/s, {usage.ru_maxrss / 1024:.0f} MB"
    say(f"recover_main, {entries:,} missed entries", figure, "10,000/s, under 300 MB")


@contextmanager
def stage() -> Iterator[Stage]:
    """Everything for one measurement, and its end."""
    with control_database(), closing(ScratchServers()) as servers:
        servers.overrides["CLUSTER_AUTOMATIC"] = False  # promotions are measured by hand
        with servers.pointed() as conf, ExitStack() as ending:
            cluster = Cluster(servers, conf)
            ending.callback(cluster.end)
            begin(cluster.nodes, conf.lease_seconds)
            made = Stage(servers, cluster)
            cluster.settle(timeout=60)
            yield made


BENCHES: dict[str, Callable[[Stage], None]] = {
    work.__name__: work for work in (one_client, many_clients, sample, failover, long_recovery)
}


def main(names: list[str]) -> None:
    """Run the benches named, or all."""
    if unknown := set(names) - set(BENCHES):
        raise SystemExit(f"There is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
    for name in names or BENCHES:
        with stage() as made:
            BENCHES[name](made)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.TimeoutExpired as error:
        raise SystemExit(str(error)) from error
