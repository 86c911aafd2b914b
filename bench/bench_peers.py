"""Measure acknowledged writes beside other ways to have them safe: python bench/bench_peers.py [--rounds N] ...

On this machine, in one run, in turns: this cluster by its procedure and by a plain UPDATE with the wait; one plain
MariaDB; lossless semi-synchronous replication with two replicas, also with their relay logs forced to the disk, which
is as durable as this cluster; Galera where its library is installed (Debian: galera-4). All servers force each commit
to the disk, and have the same table. The load is a C program. Leaves peers.json and peers.svg in var/bench.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench_main_job import ROOT, Stage, say, stage
from peers import report, servers
from peers.load import Result, Target, build, run

from cluster.protocol.names import NodeName

CLIENTS, ROUNDS, SECONDS, WARM_SECONDS = (1, 4, 16, 64), 5, 3.0, 0.3
ROWS = 10_000
KEY = "CONCAT('tt', 8000000 + {row})"
CALL = f"CALL distributed_update({KEY}, 'Bench', 90, '7.5', {{turn}}, 1999)"
CHANGE = f"UPDATE title_ft SET numVotes = {{turn}}, weightedRating = 7 + {{turn}} % 1000 / 1000 WHERE tconst = {KEY}"
"""Both columns that a vote changes, and the indexes that they stand in."""
NAME, WAIT = "SET @current_transaction_id = '{id}'", "CALL await_acknowledgement('{id}', 30)"
FILL = (
    "INSERT INTO title_ft (tconst, primaryTitle, runtimeMinutes, averageRating, numVotes, weightedRating, startYear)"
    f" SELECT CONCAT('tt', 7999999 + seq), 'Bench', 90, 7.5, 0, 7, 1999 FROM seq_1_to_{ROWS}"
)
PROCEDURE, STATEMENT = "distributed_update", "UPDATE and wait"
PLAIN, SEMI_SYNC, EQUAL, GALERA = "plain MariaDB", "semi-sync", "semi-sync, relay log forced", "Galera"
OWN, OTHERS = (PROCEDURE, STATEMENT), (SEMI_SYNC, EQUAL, GALERA, PLAIN)


@dataclass(frozen=True)
class Contender:
    """Who is measured, and what has to be set before its turn."""

    target: Target
    prepare: Callable[[], None] = lambda: None


def own_contenders(here: Stage) -> list[Contender]:
    """Return this cluster, with rows that all nodes have."""
    node = here.servers.local[NodeName.MAIN]
    account, pid = here.servers.application, node.status().pid
    root = here.servers.connect(NodeName.MAIN, "root", 60.0)
    root.run("SET @current_transaction_id = 'bench-rows'")
    root.run(FILL)
    root.rows("CALL await_acknowledgement('bench-rows', 60)")
    place = (str(node.socket), account.user, account.password, node.database)
    return [
        Contender(Target(PROCEDURE, *place, [CALL], pid or 0)),
        Contender(Target(STATEMENT, *place, [NAME, CHANGE, WAIT], pid or 0)),
    ]


def table_of(here: Stage) -> str:
    """Return the statement that makes the table which is written, without what only this cluster has on it."""
    return str(here.servers.connect(NodeName.MAIN, "root").row("SHOW CREATE TABLE title_ft")[1])


def peer_contenders(here: Stage, directory: Path, ending: ExitStack, names: Sequence[str]) -> list[Contender]:
    """Start the others, with the same table and rows. Raises PeerError."""
    templates, found = ROOT / "var" / "template", []
    makers = {
        servers.plain: (PLAIN,),
        servers.semi_sync: (SEMI_SYNC, EQUAL),
        servers.galera: (GALERA,),
    }
    for make, called in makers.items():
        if not set(called) & set(names):
            continue
        group = make(directory, templates)
        if group is None:
            say("Galera", "not installed (Debian: apt-get install galera-4)", "")
            continue
        ending.callback(group.stop)
        group.fill(table_of(here), [FILL])
        for name in called:
            target = Target(
                name, group.primary.socket, "root", "", servers.DATABASE, [CHANGE], group.primary.pid
            )
            every = 1 if name == EQUAL else 10_000
            prepare = (
                (lambda g=group, n=every: servers.sync_relay_log(g, n)) if len(called) > 1 else lambda: None
            )
            found.append(Contender(target, prepare))
    return found


@contextmanager
def contenders(names: Sequence[str]) -> Iterator[tuple[list[Contender], Path]]:
    """Run all who are measured, and the load."""
    with stage() as here, ExitStack() as ending:
        directory = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="mco2-peers-")))
        directory.chmod(0o755)  # for the program with which Galera sends its data
        everyone = [*own_contenders(here), *peer_contenders(here, directory, ending, names)]
        yield [one for one in everyone if one.target.name in names], build(directory)


def measure(
    everyone: Sequence[Contender], load: Path, clients: Sequence[int], rounds: int, seconds: float
) -> dict[str, dict[int, list[Result]]]:
    """Measure every contender with each number of clients, in turns, round after round."""
    found: dict[str, dict[int, list[Result]]] = {
        one.target.name: {number: [] for number in clients} for one in everyone
    }
    for at in range(rounds):
        for number in clients:
            for one in everyone:
                one.prepare()
                run(load, one.target, number, WARM_SECONDS)
                found[one.target.name][number].append(run(load, one.target, number, seconds))
        say(f"round {at + 1} of {rounds}", "done", "")
    return found


def main() -> None:
    """Measure, print the tables, leave the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", nargs="+", default=[*OWN, *OTHERS], choices=[*OWN, *OTHERS])
    parser.add_argument("--into", type=Path, default=ROOT / "var" / "bench")
    given = parser.parse_args()
    with contenders(given.only) as (everyone, load):
        rounds = measure(everyone, load, given.clients, given.rounds, given.seconds)
    given.into.mkdir(parents=True, exist_ok=True)
    raw = {
        name: {n: [asdict(one) for one in results] for n, results in of.items()}
        for name, of in rounds.items()
    }
    own = [name for name in OWN if name in rounds]
    against = {
        mine: {name: report.ratios(rounds, mine, name) for name in OTHERS if name in rounds} for mine in own
    }
    text = json.dumps({"rounds": raw, "figures": report.figures(rounds), "ratios": against}, indent=2)
    (given.into / "peers.json").write_text(text + "\n")
    (given.into / "peers.svg").write_text(report.picture(rounds))
    print(report.table(rounds), report.ratio_table(rounds, own, OTHERS), sep="\n\n")
    say("CPU of the primary, µs a write", "; ".join(cpu_lines(rounds)), "")


def cpu_lines(rounds: report.Rounds) -> list[str]:
    """Return what the primary takes for a write, by number of clients."""
    return [
        f"{name} " + ", ".join(f"{one['cpu']:,.0f} ({clients})" for clients, one in by_clients.items())
        for name, by_clients in report.figures(rounds).items()
    ]


if __name__ == "__main__":
    main()
