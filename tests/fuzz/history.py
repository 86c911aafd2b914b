"""What one seed plays: statements of sessions and faults in turn. A part of the list can be played alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

from tests.fuzz.session import ABORT, ACKNOWLEDGE, Table, change, statement

SESSIONS = 3
CLUSTER = -1
"""In place of a session: a step of the cluster's, a fault or its end."""
MEND = "mend"
NODES = ("main", "node_a", "node_b")
CALM, TROUBLE = (10, 40), (3, 15)
"""Statements between two faults, and before and after the time for which one holds."""
HOLD_SECONDS = (0.0, 0.5, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class Step:
    """What one session sends, or what happens to the cluster."""

    session: int
    what: str

    def __str__(self) -> str:
        """As a line of a printed history."""
        return f"{'cluster' if self.session == CLUSTER else f'session {self.session}'}: {self.what}"


def sessions(r: Random, tables: Sequence[Table]) -> Iterator[Step]:
    """Statements without end, each of a session drawn by chance; some belong together and come in their order."""
    pending: list[list[str]] = [[] for _ in range(SESSIONS)]
    while True:
        number = r.randrange(SESSIONS)
        if not pending[number]:
            pending[number] = together(r, tables)
        yield Step(number, pending[number].pop(0))


def together(r: Random, tables: Sequence[Table]) -> list[str]:
    """One statement, or several of one purpose: an XA transaction, a write whose acknowledgement is awaited."""
    dice = r.random()
    if dice < 0.04:
        xid, name = f"'fuzz-{r.randint(1, 10**9)}'", f"'named-{r.randint(1, 10**9)}'"
        changes = [change(r, tables) for _ in range(r.choice((1, 2, 4)))]
        ends = r.choice(
            (
                [f"XA PREPARE {xid}", f"XA COMMIT {xid}"],
                [f"XA PREPARE {xid}", f"XA ROLLBACK {xid}"],
                [f"XA PREPARE {xid}", ABORT],
                [f"XA COMMIT {xid} ONE PHASE"],
                [ABORT],
            )
        )
        begin = ["ROLLBACK", f"SET @current_transaction_id = {name}", f"XA START {xid}"]
        return [*begin, *changes, f"XA END {xid}", *ends, ACKNOWLEDGE]
    if dice < 0.14:
        changes = [change(r, tables) for _ in range(r.choice((1, 1, 3)))]
        return [f"SET @current_transaction_id = 'named-{r.randint(1, 10**9)}'", *changes, ACKNOWLEDGE]
    return [statement(r, tables)]


def history(r: Random, tables: Sequence[Table], statements: int, *, faults: bool = False) -> list[Step]:
    """So many statements, with faults between them if wanted, each of them mended before the next calm."""
    lines, steps = sessions(r, tables), list[Step]()
    if not faults:
        return [next(lines) for _ in range(statements)]
    while statements > 0:
        calm, before, after = r.randint(*CALM), r.randint(*TROUBLE), r.randint(*TROUBLE)
        steps += [next(lines) for _ in range(calm)]
        steps += [Step(CLUSTER, fault(r)) for _ in range(r.choice((1, 1, 2)))]
        steps += [next(lines) for _ in range(before)]
        steps += [Step(CLUSTER, f"hold {r.choice(HOLD_SECONDS):g}")]
        steps += [next(lines) for _ in range(after)]
        steps += [Step(CLUSTER, MEND)]
        statements -= calm + before + after
    return steps


def fault(r: Random) -> str:
    """One fault in words; `tests.fuzz.troubles` knows what they mean."""
    one, other = r.sample(NODES, 2)
    return r.choice(
        (
            f"kill {one}", "kill main", f"freeze {one}", f"isolate {one}", f"cut {one} {other}",
            "kill replicator", "freeze replicator", "kill monitor",
            f"restart {one}", "switchover node_a", "switchover main",
        )
    )  # fmt: skip


def chosen(steps: Sequence[Step], only: str) -> list[Step]:
    """Return the steps that a text such as 3,7-9 names, counted from 0; all of them where it is empty."""
    if not only:
        return list(steps)
    spans = [part.split("-") for part in only.split(",")]
    return [step for first, *last in spans for step in steps[int(first) : int((last or [first])[0]) + 1]]


def named(indices: Iterable[int]) -> str:
    """Return the text for `chosen` that names these steps."""
    runs = [
        [index for _, index in run] for _, run in groupby(enumerate(sorted(indices)), lambda p: p[1] - p[0])
    ]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
