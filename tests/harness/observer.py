"""Samples who takes writes, by a path that no fault cuts: a connection of its own straight to each server."""

import itertools
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cluster.nodes.connection import Connection
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import Mode, NodeName

SAMPLE_SECONDS = 0.1
DEADLINE = 1.0
"""Seconds after which a server that says nothing counts as not known in the samples meanwhile."""
LOOK = (
    "SELECT UNIX_TIMESTAMP(SYSDATE(6)), (SELECT config_value FROM node_config WHERE config_key = 'node_mode'),"
    " epoch, expires_at FROM (SELECT 1) AS one LEFT JOIN lease ON TRUE"
)


@dataclass(frozen=True, slots=True)
class Look:
    """One node at one moment. at, until: seconds since 1970 on the clock that all servers share.

    epoch: the one in which it takes writes, None when it does not. until: the end of its lease.
    """

    at: float
    epoch: int | None
    until: float

    @property
    def writable(self) -> bool:
        """Whether it takes writes."""
        return self.epoch is not None


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which one node took writes, or none (None). since: seconds after the first look."""

    since: float
    primary: NodeName | None


class Observer:
    """Looks at every server each 100 ms; each in a thread of its own, so that a frozen one delays no other."""

    def __init__(self, connections: dict[NodeName, Connection]) -> None:
        self.looks: dict[NodeName, list[Look]] = {name: [] for name in connections}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, args=item, name=f"observer-{item[0]}", daemon=True)
            for item in connections.items()
        ]

    def start(self) -> None:
        """Begin to look."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        for thread in self._threads:
            thread.join(10)

    def _watch(self, name: NodeName, connection: Connection) -> None:
        while not self._over.is_set():
            self._over.wait(SAMPLE_SECONDS - time.time() % SAMPLE_SECONDS)
            try:
                self.looks[name].append(look(connection))
            except ClusterError:
                continue  # not known
        connection.close()

    @property
    def samples(self) -> int:
        """How many looks at the node that was seen most."""
        return max(len(looks) for looks in self.looks.values())

    @property
    def violations(self) -> list[str]:
        """Invariant (b): the samples in which two nodes took writes at one moment.

        A node took writes at a moment when it did so in the looks before and after it, in one epoch, and the
        lease seen before had not run out. So a switchover between two looks is none.
        """
        return [
            f"{name.label} in epoch {seen.epoch} and {other.label} in epoch {epoch} both take writes"
            for name, other in itertools.permutations(self.looks, 2)
            for looks in [list(self.looks[other])]
            for seen in list(self.looks[name])
            if seen.writable and (epoch := epoch_at(looks, seen.at)) is not None
        ]

    def without_primary(self) -> float:
        """Seconds in which no node was known to take writes; one that was not seen is as it was seen last."""
        seen = sorted((one.at, name, one.writable) for name, looks in self.looks.items() for one in looks)
        writable: dict[NodeName, bool] = {}
        seconds = 0.0
        for (at, name, writes), (later, *_) in itertools.pairwise(seen):
            writable[name] = writes
            if not any(writable.values()):
                seconds += later - at
        return seconds

    def spans(self) -> list[Span]:
        """Who took writes when, in turn."""
        samples: dict[int, NodeName | None] = defaultdict(lambda: None)
        for name, looks in self.looks.items():
            for seen in looks:
                tick = round(seen.at / SAMPLE_SECONDS)
                samples[tick] = name if seen.writable else samples[tick]
        first = min(samples, default=0)
        turns = itertools.groupby(sorted(samples.items()), key=lambda sample: sample[1])
        return [Span(round((next(turn)[0] - first) * SAMPLE_SECONDS, 1), primary) for primary, turn in turns]


def look(connection: Connection) -> Look:
    """Whether a server takes writes now, by its mode and its lease."""
    at, mode, epoch, until = connection.row(LOOK)
    writable = epoch is not None and until > at and Mode(mode).takes_writes
    return Look(float(at), int(epoch) if writable else None, float(until or 0))


def epoch_at(looks: list[Look], at: float) -> int | None:
    """Return the epoch in which a node certainly took writes at a moment between two of its looks."""
    after = bisect_left(looks, at, key=lambda seen: seen.at)
    if not 0 < after < len(looks):
        return None
    before, then = looks[after - 1], looks[after]
    return before.epoch if before.epoch == then.epoch and at < before.until else None


@contextmanager
def observing(cluster) -> Iterator[Observer]:
    """Look through the block."""
    observer = Observer({name: cluster.servers.connect(name, "cluster", DEADLINE) for name in NodeName})
    observer.start()
    try:
        yield observer
    finally:
        observer.stop()


@contextmanager
def observed(cluster) -> Iterator[Observer]:
    """Invariant (b) through the block: at most one node takes writes."""
    with observing(cluster) as observer:
        yield observer
    assert observer.violations == []
    assert observer.samples > 0
