"""Measure what one acknowledged write costs: python bench/bench_write_cost.py [--help].

CPU time, not wall time, so that whoever else uses the machine falls out of the figures: of each server and of the
replicator, per acknowledged write, over a fixed number of writes; the median of several rounds and their spread.
Beside it what the primary did for a write: statements, also those in routines, and rows read. Then the parts of
the write path, in one session alone: CPU time of its thread on the server.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from bench_main_job import INSERT, UPDATE, Stage, run_all, stage
from django.db import DatabaseError, connections

from cluster.nodes.connection import Connection
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from titles.models import Title

TICKS = os.sysconf("SC_CLK_TCK")
ENTRIES = "SELECT MAX(log_id) FROM transaction_log"
COUNTERS = (
    "Com_select", "Com_update", "Com_insert", "Com_set_option", "Com_call_procedure", "Com_commit", "Com_do",
    "Handler_read_key", "Handler_read_next", "Handler_read_first", "Handler_read_rnd_next",
    "Handler_write", "Handler_update", "Empty_queries",
)  # fmt: skip
PARTS = (
    "DO 0",
    "CALL keep_lease()",
    "CALL guard_write()",
    "CALL open_write()",
    "CALL read_title('tt9000000', 'Bench', '90', '7.5', '3', '1999', @a, @b, @c, @d)",
    "CALL read_statistics(@mean, @threshold)",
    "DO weighted_rating(7.5, 3, 7.0, 100)",
    "UPDATE plain SET numVotes = numVotes + 1",
    "UPDATE title_ft SET numVotes = numVotes + 1 WHERE tconst = 'tt9000000'",
    "DO is_settled(@acknowledged)",
    "CALL await_acknowledgement(@acknowledged, NULL)",
)
PART_RUNS = 1500

COUNTED = (
    "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
    f" WHERE VARIABLE_NAME IN ({', '.join(['%s'] * len(COUNTERS))})"
)

Counts = dict[str, float]
Summary = dict[str, tuple[float, float, float]]
"""Median, least and greatest of each figure."""


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def thread_seconds(pid: int, thread: int) -> float:
    """CPU seconds that one thread of a process has used, to the nanosecond."""
    return int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) / 1e9


def by_procedure(session: Connection, tconst: str, votes: int) -> None:
    """As a plain SQL client writes."""
    session.rows(UPDATE, (tconst, "Bench", votes))


def by_statement(session: Connection, tconst: str, votes: int) -> None:
    """As a client writes that speaks SQL of its own and waits."""
    session.run("SET @current_transaction_id = UUID()")
    session.run("UPDATE title_ft SET numVotes = %s WHERE tconst = %s", (votes, tconst))
    session.rows("CALL await_acknowledgement(@current_transaction_id, NULL)")


def by_model(session: Connection, tconst: str, votes: int) -> None:
    """As Django writes."""
    Title(tconst=tconst, primary_title="Bench", average_rating="7.5", num_votes=votes).save(force_update=True)


WAYS = {"distributed_update": by_procedure, "UPDATE and wait": by_statement, "Title.save()": by_model}


class Meter:
    """CPU time of every process of the cluster, and the counters of the primary."""

    def __init__(self, here: Stage) -> None:
        self.pids = {node.label: local.pid for node, local in here.servers.local.items() if local.pid}
        self.pids["replicator"] = here.replicator.pid
        self.root = here.servers.connect(NodeName.MAIN, "root", 30.0)

    def read(self) -> Counts:
        """Return all of them as they are now."""
        cpu = {name: cpu_seconds(pid) * 1e6 for name, pid in self.pids.items()}
        rows = self.root.rows(COUNTED, COUNTERS)
        return cpu | {str(name).capitalize(): float(value) for name, value in rows}

    def used(self, work: Callable[[], int]) -> Counts:
        """Return what one of the pieces of work used; `work` says how many were done."""
        before, began = self.read(), time.monotonic()
        times = max(work(), 1)
        took = time.monotonic() - began
        after = self.read()
        return {name: (after[name] - before[name]) / times for name in after} | {"a second": times / took}


def write_many(here: Stage, way: str, clients: int, writes: int) -> int:
    """Write `writes` times in all; how many were acknowledged."""
    done: list[int] = []
    failed: list[str] = []

    def work(number: int) -> None:
        session = here.servers.connect(NodeName.MAIN, "app", 60.0)
        for votes in range(writes // clients):
            try:
                WAYS[way](session, tconst_of(number), 1 + votes + time.monotonic_ns() % 100_000)
                done.append(number)
            except (ClusterError, DatabaseError) as error:
                failed.append(str(error))
        session.close()
        connections.close_all()

    run_all(work, clients)
    if failed:
        print(f"{len(failed)} of {writes} writes were not acknowledged: {failed[0]}", flush=True)
    return len(done)


def tconst_of(number: int) -> str:
    """Return the title of a client."""
    return f"tt{9_000_000 + number}"


def summary(rounds: Iterable[Counts]) -> Summary:
    """Median, least and greatest of every figure."""
    all_rounds = list(rounds)
    return {
        name: (statistics.median(v), min(v), max(v))
        for name in all_rounds[0]
        for v in [[one[name] for one in all_rounds]]
    }


def parts(here: Stage) -> dict[str, float]:
    """Microseconds of CPU that each part of the write path takes the server, beyond an empty statement."""
    root = here.servers.connect(NodeName.MAIN, "root", 60.0)
    root.run("CREATE TABLE IF NOT EXISTS plain LIKE title_ft")
    root.run("INSERT IGNORE INTO plain (tconst, primaryTitle, numVotes) VALUES ('tt1', 'x', 1)")
    root.run(
        "SELECT MIN(transaction_id) INTO @acknowledged FROM transaction_log WHERE table_name = 'title_ft'"
    )
    root.run("SET @current_transaction_id = 'bench'")
    pid = here.servers.local[NodeName.MAIN].pid or 0
    (thread,) = root.row("SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()")
    taken = {}
    for sql in PARTS:
        root.rows(sql)
        before = thread_seconds(pid, thread)
        for _ in range(PART_RUNS):
            root.rows(sql)
        root.run("ROLLBACK")
        taken[sql] = (thread_seconds(pid, thread) - before) / PART_RUNS * 1e6
    root.run("DROP TABLE plain")
    return {sql: round(us - taken["DO 0"], 1) for sql, us in taken.items()}


def idle(here: Stage, seconds: float) -> Counts:
    """Milliseconds of CPU a second that a cluster uses that nobody writes to."""
    here.cluster.settle()
    time.sleep(3)
    used = Meter(here).used(lambda: time.sleep(seconds) or 1)
    return {name: used[name] / seconds / 1000 for name in (*Meter(here).pids,)}


def say(name: str, values: Summary, cpu: Iterable[str]) -> None:
    """One line for a way of writing at a number of clients, one for what the primary did."""
    costs = ", ".join(
        f"{one} {values[one][0]:.0f} ({values[one][1]:.0f}-{values[one][2]:.0f})" for one in cpu
    )
    print(f"{name}: {values['a second'][0]:.0f}/s; CPU us a write: {costs}", flush=True)
    counts = ", ".join(
        f"{c.lower()} {values[c.capitalize()][0]:.1f}" for c in COUNTERS if c.capitalize() in values
    )
    print(f"    on the primary: {counts}", flush=True)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", default="1,16,64")
    parser.add_argument("--ways", default=",".join(WAYS), help="which ways of writing, separated by commas")
    parser.add_argument(
        "--writes", type=int, default=1600, help="of one round; one client makes a quarter of them"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds of an idle cluster to measure")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    return parser.parse_args()


def measure(here: Stage, chosen: argparse.Namespace) -> dict[str, Summary]:
    """Every way of writing at every number of clients, in turn."""
    meter = Meter(here)
    numbers = [int(text) for text in chosen.clients.split(",")]
    session = here.servers.connect(NodeName.MAIN, "app", 30.0)
    for number in range(max(numbers)):
        session.rows(INSERT, (tconst_of(number), "Bench", 1))
    cases = [(way, clients) for clients in numbers for way in chosen.ways.split(",")]
    rounds: dict[tuple[str, int], list[Counts]] = {case: [] for case in cases}
    for number in range(chosen.rounds + 1):  # the first one warms up
        for way, clients in cases:
            writes = max(chosen.writes // (4 if clients == 1 else 1) // clients, 1) * clients
            used = meter.used(partial(write_many, here, way, clients, writes))
            if number:
                rounds[way, clients].append(used)
    found = {f"{way}, clients: {clients}": summary(ones) for (way, clients), ones in rounds.items()}
    for name, values in found.items():
        say(name, values, meter.pids)
    return found


def main() -> None:
    """Run on three scratch servers, with the replicator in a process of its own."""
    chosen = arguments()
    with stage() as here:
        found: dict[str, object] = {
            **measure(here, chosen),
            "parts": parts(here),
            "idle": idle(here, chosen.idle),
        }
    for name in ("parts", "idle"):
        print(f"{name}: {json.dumps(found[name], indent=4)}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
