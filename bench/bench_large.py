"""Measure large work: python bench/bench_large.py [ROWS [MIB [TABLES]]] [NAME ...].

One transaction of a million rows and one row of 32 MiB: beside each, four sessions write and wait for their
acknowledgements; replicator and monitor are processes of their own. Main is killed while a transaction of that size is
on its way: Node A must have all of it, or nothing. And the verbs in a database that has 10,000 tables of others.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bench_main_job import INSERT, UPDATE, Stage, milliseconds, run_all, say, stage

from cluster.nodes.connection import Connection
from cluster.protocol.errors import ClusterError, NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.observer import observing
from tests.harness.sql import NOT_WRITABLE

ROWS, MIB, TABLES = 1_000_000, 32, 10_000
WRITERS = 4
QUIET_SECONDS = 5.0
TRIES = 10
PATIENCE = 900.0
MEMORY_GOAL, P99_GOAL = "400 MiB", "1,000 ms"
FILL = "INSERT INTO test_word SELECT CONCAT(%s, seq), '' FROM seq_1_to_{rows}"
COUNT = "SELECT COUNT(*) FROM test_word WHERE word LIKE %s"


class Writers:
    """Sessions that write until they are stopped. taken: seconds of each write. failed: what refused one."""

    def __init__(self, here: Stage) -> None:
        self.here = here
        self.taken: list[float] = []
        self.failed: list[str] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(WRITERS)]

    def work(self, number: int) -> None:
        """Write one row again and again."""
        session = self.here.servers.connect(NodeName.MAIN, "app", 60.0)
        tconst, votes = f"tt{9_000_000 + number}", 0
        with suppress(ClusterError):
            session.rows(INSERT, (tconst, "Bench", 1))
        while not self.over.is_set():
            votes += 1
            start = time.perf_counter()
            try:
                session.rows(UPDATE, (tconst, "Bench", votes))
            except ClusterError as error:
                self.failed.append(str(error))
            self.taken.append(time.perf_counter() - start)
        session.close()

    def figure(self) -> str:
        """How the writes went."""
        return (
            f"p50 {milliseconds(self.taken):.0f}, p99 {milliseconds(self.taken, 0.99):.0f}, longest"
            f" {max(self.taken) * 1000:.0f} ms of {len(self.taken)}, {len(self.failed)} failed"
        )


@contextmanager
def writing(here: Stage) -> Iterator[Writers]:
    """Writers are at work in the block."""
    writers = Writers(here)
    for thread in writers.threads:
        thread.start()
    try:
        yield writers
    finally:
        writers.over.set()
        for thread in writers.threads:
            thread.join()


def peak(pid: int) -> float:
    """Return the most memory that a process has held so far, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def server_pids(here: Stage) -> list[int]:
    """Return the processes of the three servers."""
    return [pid for name in NodeName if (pid := here.servers.local[name].status().pid)]


def epoch(here: Stage) -> int:
    """Return the newest epoch that Main knows."""
    return int(here.servers.connect(NodeName.MAIN, "root").row("SELECT MAX(epoch) FROM transaction_log")[0])


def persist(session: Connection, work: Callable[[Connection], int]) -> int:
    """Repeat a statement until a node that holds its lease all the while takes it; how often it was refused."""
    for turn in range(TRIES):
        try:
            work(session)
        except NodeFailed as error:
            if error.code != NOT_WRITABLE:
                raise
        else:
            return turn
    raise SystemExit(f"It was refused {TRIES} times.")


def measure(here: Stage, name: str, work: Callable[[Connection], int]) -> None:
    """One large transaction, acknowledged, beside the writers."""
    monitor = here.cluster.popen("monitor")
    with writing(here) as before:
        time.sleep(QUIET_SECONDS)
    say(f"{name}: others before", before.figure(), P99_GOAL)
    session = here.servers.connect(NodeName.MAIN, "root", PATIENCE)
    began = epoch(here)
    session.run("SET @current_transaction_id = 'large'")
    with observing(here.cluster) as observer, writing(here) as beside:
        start = time.perf_counter()
        refused = persist(session, work)
        committed = time.perf_counter() - start
        answer = "acknowledged"
        try:
            session.rows("CALL await_acknowledgement('large', %s)", (PATIENCE - 60,))
        except ClusterError as error:
            answer = str(error)
        whole = time.perf_counter() - start
    say(f"{name}: statement, then {answer}", f"{committed:.1f} s, {whole:.1f} s", "acknowledged")
    say(f"{name}: refused for want of a lease", f"{refused} times", "never")
    say(f"{name}: others beside it", beside.figure(), P99_GOAL)
    for what in sorted(set(beside.failed))[:3]:
        say(f"{name}: a refusal", what, "none")
    start = time.perf_counter()
    try:
        here.cluster.settle(timeout=PATIENCE)
        level = f"after another {time.perf_counter() - start:.1f} s"
    except TimeoutError as error:
        level = str(error)
    say(f"{name}: all nodes level", level, "")
    memory = f"{peak(here.replicator.pid):.0f} and {peak(monitor.pid):.0f} MiB"
    say(f"{name}: replicator, monitor", memory, MEMORY_GOAL)
    servers = " and ".join(f"{peak(pid):.0f}" for pid in server_pids(here))
    say(f"{name}: Main, Node A, Node B", f"{servers} MiB", MEMORY_GOAL)
    looks = observer.looks[NodeName.MAIN]
    without = sum(not seen.writable for seen in looks)
    say(
        f"{name}: lease", f"epoch {began} to {epoch(here)}, none in {without} of {len(looks)} samples", "kept"
    )


def million(rows: int) -> None:
    """One transaction of so many rows."""
    with stage() as here:
        measure(here, f"{rows:,} rows", lambda session: session.run(FILL.format(rows=rows), ("word ",)))


def one_row(mib: int) -> None:
    """One row of so many MiB of plain text."""
    sql = "INSERT INTO test_specimen (note) VALUES (REPEAT('x', %s))"
    with stage() as here:
        measure(here, f"one row of {mib} MiB", lambda session: session.run(sql, (mib << 20,)))


def failover(rows: int) -> None:
    """Let Main die while Node A gets the parts of a large transaction."""
    with stage() as here:
        session = here.servers.connect(NodeName.MAIN, "root", PATIENCE)
        vice = here.servers.connect(NodeName.NODE_A, "root", 60.0)
        session.run("SET @current_transaction_id = 'large'")
        persist(session, lambda session: session.run(FILL.format(rows=rows), ("word ",)))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            (staged,) = vice.row("SELECT COUNT(*) FROM staged_entry")
            if staged >= rows // 2:
                break
        here.cluster.kill(NodeName.MAIN)
        start = time.perf_counter()
        done = here.cluster.manage("promote_node_a", timeout=PATIENCE)
        said = done.stderr.strip() or f"{time.perf_counter() - start:.1f} s"
        (held,) = vice.row(COUNT, ("word %",))
        say(
            f"failover with {staged:,} of {rows:,} sent", f"{said}, {held:,} rows on Node A", f"0 or {rows:,}"
        )
        here.cluster.start(NodeName.MAIN)
        start = time.perf_counter()
        done = here.cluster.manage("recover_main", timeout=PATIENCE)
        said = (done.stderr or done.stdout).strip().splitlines()[-1]
        say("recover_main", f"{time.perf_counter() - start:.1f} s: {said}", "")
        (left,) = here.servers.connect(NodeName.MAIN, "root", 60.0).row(COUNT, ("word %",))
        say("rows on Main after it", f"{left:,}", f"{held:,}")


def seconds(name: str, work: Callable[[], object]) -> None:
    """How long something takes, and what a command says at its end."""
    start = time.perf_counter()
    done = work()
    said = ""
    if isinstance(done, subprocess.CompletedProcess):
        said = f": {done.returncode}, {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}"
    say(name, f"{time.perf_counter() - start:.2f} s{said}", "")


def verbs(here: Stage, when: str) -> None:
    """Time what reads tables, or changes roles."""
    for name in NodeName:
        session = here.servers.connect(name, "root", 60.0)
        seconds(f"{when}: inspect_tables, {name}", partial(session.run, "CALL inspect_tables()"))
    for words in ("cluster_status", "setup_nodes --check", "setup_nodes", "verify_consistency"):
        seconds(f"{when}: {words}", partial(here.cluster.manage, *words.split(), timeout=PATIENCE))
    for to in ("node_a", "main"):
        seconds(f"{when}: switchover, {to}", partial(here.cluster.manage, "switchover", "--to", to))
    here.cluster.kill(NodeName.MAIN)
    seconds(f"{when}: promote_node_a", partial(here.cluster.manage, "promote_node_a"))
    seconds(f"{when}: start of Main", partial(here.cluster.start, NodeName.MAIN))
    for word in ("recover_main", "demote_node_a"):
        seconds(f"{when}: {word}", partial(here.cluster.manage, word, timeout=PATIENCE))
    servers = " and ".join(f"{peak(pid):.0f}" for pid in server_pids(here))
    say(f"{when}: replicator, servers", f"{peak(here.replicator.pid):.0f} and {servers} MiB", MEMORY_GOAL)


def tables(number: int) -> None:
    """So many tables that are not replicated, on every node."""
    with stage() as here:
        verbs(here, "few tables")

        def make(at: int) -> None:
            session = here.servers.connect(list(NodeName)[at], "root", 60.0)
            for one in range(number):
                session.run(f"CREATE TABLE other_{one} (id INT PRIMARY KEY)")

        run_all(make, len(NodeName))
        verbs(here, f"{number:,} tables")


BENCHES: dict[str, tuple[Callable[[int], None], int]] = {
    "one_row": (one_row, 1),
    "million": (million, 0),
    "failover": (failover, 0),
    "tables": (tables, 2),
}


def main(arguments: list[str]) -> None:
    """Run the benches named, or all, with sizes as given or the usual ones."""
    given = [int(argument) for argument in arguments if argument.isdigit()]
    sizes = (*given, *(ROWS, MIB, TABLES)[len(given) :])
    for name in arguments[len(given) :] or BENCHES:
        work, size = BENCHES[name]
        work(sizes[size])


if __name__ == "__main__":
    main(sys.argv[1:])
