"""Compare the logs of several nodes: by sums where they are complete, by identity where entries arrive."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cluster.actions.verification.compare_tables import end_of_span
from cluster.nodes.connection import Connection
from cluster.nodes.fan_out import FanOut
from cluster.nodes.log import applying, reading
from cluster.nodes.repair import comparing
from cluster.nodes.repair.comparing import LOG_TABLE, Key, Span, log_span
from cluster.protocol.differences import LOG, Difference, Kind, blame, entry_id, unlike
from cluster.protocol.entries import Entry
from cluster.protocol.names import NodeName

ENTRIES = 4000
"""Entries of one checksum."""

OnDifference = Callable[[Difference], None]
Digests = Mapping[str, int]
"""Digests of entries by `<epoch>-<log_id>`."""


@dataclass
class LogComparison:
    """Compares the logs and reports what differs.

    entries: how many the reference holds. lag: how many of them each node has not received yet. watermark: the
    log id at and below which the logs are complete. held_to: the end of each node's log when the comparison
    began; what is missing below it is not on its way.
    """

    fan_out: FanOut
    on_difference: OnDifference
    progress: Callable[[int], None]
    entries: int = 0
    lag: dict[NodeName, int] = field(default_factory=dict)
    watermark: int = 0
    held_to: dict[NodeName, int] = field(default_factory=dict)

    def compare(self) -> None:
        """Compare the logs up to the lowest commit watermark, then what stands above it."""
        begin = self.begin()
        for span in comparing.spans(self.end_of_span, log_span(begin, self.watermark)):
            self.compare_complete(span)
        for span in comparing.spans(self.end_of_span, log_span(self.watermark, None)):
            self.compare_arriving(span)

    def compare_next(self, after: Key | None) -> Key | None:
        """Compare the complete span that follows a key; return where it ends, None at the commit watermark."""
        whole = log_span(self.begin(), self.watermark)
        start = max((key for key in (after, whole.after) if key is not None), default=None)
        upto = self.end_of_span(Span(start, whole.upto))
        self.compare_complete(Span(start, upto or whole.upto))
        return upto

    def begin(self) -> int | None:
        """See how far the logs are; return the log id that the comparison follows, None for the beginning."""
        states = self.fan_out.ask(self.fan_out.names, reading.state)
        self.held_to = {name: state.last_log_id for name, state in states.items()}
        self.watermark = min(state.watermark.log_id for state in states.values())
        # Where a prune was interrupted, the nodes have archived different entries up to where one of them got.
        pruned = {state.pruned for state in states.values()}
        return None if len(pruned) == 1 else max(pruned)

    def end_of_span(self, rest: Span) -> Key | None:
        """Return where the next span ends: after ENTRIES of the reference, and twice as many of no other node."""
        return end_of_span(self.fan_out, self.fan_out.names, LOG_TABLE, rest, ENTRIES)

    def compare_complete(self, span: Span) -> None:
        """Compare a span at or below the watermark, where nothing is on its way."""
        sums = self.fan_out.ask(self.fan_out.names, partial(comparing.checksum, table=LOG_TABLE, span=span))
        if unlike(sums, self.fan_out.reference):
            self.compare_entries(self.fan_out.ask(self.fan_out.names, digests_of(span)))
        self.entries += sums[self.fan_out.reference].rows
        self.progress(sums[self.fan_out.reference].rows)

    def compare_arriving(self, span: Span) -> None:
        """Compare a span above the watermark: what the reference held at first must arrive at the others."""
        mine = comparing.digests(self.fan_out.source, LOG_TABLE, span)
        held = self.await_entries(span, mine)
        if any(digests != mine for digests in held.values()):
            # What has come meanwhile is not wrong: only what the reference does not hold afterwards counts.
            now = comparing.digests(self.fan_out.source, LOG_TABLE, span)
            come = now.keys() - mine.keys()
            theirs = {
                name: {key: value for key, value in digests.items() if key not in come}
                for name, digests in held.items()
            }
            self.compare_entries({self.fan_out.reference: mine, **theirs})
        self.entries += len(mine)
        self.progress(len(mine))

    def await_entries(self, span: Span, wanted: Digests) -> dict[NodeName, Digests]:
        """Return what the followers hold of a span, once they hold all that is wanted or do not get it in time."""
        deadline = time.monotonic() + self.fan_out.settle
        held: dict[NodeName, Digests] = {}
        pending = dict.fromkeys(self.fan_out.followers, True)
        while pending:
            answers = self.fan_out.ask(pending.keys(), digests_of(span))
            held |= answers
            pending = {name: True for name, found in answers.items() if wanted.keys() - found.keys()}
            pending = self.fan_out.worth_waiting_for(pending, deadline)
        return held

    def compare_entries(self, held: Mapping[NodeName, Digests]) -> None:
        """Report which entries are wrong on which node."""
        right = held[self.fan_out.reference].items()
        doubtful = {key for found in held.values() for key, _ in right ^ found.items()}
        for key in sorted(doubtful, key=entry_id):
            versions = {name: found.get(key) for name, found in held.items()}
            for name, kind in blame(versions, self.fan_out.reference):
                self.describe_entry(name, key, kind, versions)

    def describe_entry(
        self, name: NodeName, key: str, kind: Kind, versions: Mapping[NodeName, int | None]
    ) -> None:
        """Report one wrong entry, or count it as lag when it may still arrive."""
        if kind is Kind.MISSING and entry_id(key).log_id > max(self.watermark, self.held_to[name]):
            self.lag[name] = self.lag.get(name, 0) + 1
            return
        columns = self.differing_columns(name, key, versions) if kind is Kind.DIFFERENT else ()
        self.on_difference(Difference(LOG, key, name, kind, columns))

    def differing_columns(
        self, name: NodeName, key: str, versions: Mapping[NodeName, int | None]
    ) -> tuple[str, ...]:
        """Return the columns in which a node's version of an entry is not that of another node."""
        others = (n for n, digest in versions.items() if digest not in (None, versions[name]))
        answers = self.fan_out.ask([name, next(others)], partial(applying.by_id, ids=[entry_id(key)]))
        if len(answers) < 2 or not all(answers.values()):
            return ()
        one, two = (found[0] for found in answers.values())
        return tuple(column for column in Entry._fields if getattr(one, column) != getattr(two, column))


def digests_of(span: Span) -> Callable[[Connection], Digests]:
    """Return the question for the digests of a span of the log."""
    return partial(comparing.digests, table=LOG_TABLE, span=span)
