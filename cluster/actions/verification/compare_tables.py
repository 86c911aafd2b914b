"""Compare the replicated tables of several nodes: sums first, then the rows in doubt."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cluster.nodes.fan_out import FanOut
from cluster.nodes.log.stored import stored_columns, stored_row
from cluster.nodes.repair import comparing, row_snapshots
from cluster.nodes.repair.comparing import Comparable, Key, Span
from cluster.nodes.schema.shape import TableShape
from cluster.protocol.differences import Difference, RowSnapshot, Verdict, judge, row_differences, unlike
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName

ROWS = 4000
"""Rows of one checksum: about 10 ms."""
RECORDS = 1000
"""Rows in doubt that are read together."""

OnDifference = Callable[[Difference], None]
Snapshots = Mapping[NodeName, Mapping[str, RowSnapshot]]


@dataclass
class TableComparison:
    """Compares table after table and reports what differs.

    watermark: the log id at and below which the logs are complete. rows: how many the reference holds.
    uncompared: which table could not be compared on which node, and why. known: how each table is compared, so far;
    comparable: on which nodes.
    """

    fan_out: FanOut
    watermark: int
    on_difference: OnDifference
    progress: Callable[[int], None]
    rows: int = 0
    uncompared: list[str] = field(default_factory=list)
    known: dict[str, tuple[Comparable, str]] = field(default_factory=dict)
    comparable: dict[str, list[NodeName]] = field(default_factory=dict)

    def compare(self, shape: TableShape) -> None:
        """Compare one table on all nodes that have it as its model says."""
        after = self.compare_next(shape, None)
        while after is not None:
            after = self.compare_next(shape, after)

    def compare_next(self, shape: TableShape, after: Key | None) -> Key | None:
        """Compare the span that follows a key; return where it ends, None at the end of the table."""
        table, stored = self.prepared(shape)
        names = self.comparable[shape.name]
        span = Span(after, self.end_of_span(names, table, Span(after)))
        sums = self.fan_out.ask(names, partial(comparing.checksum, table=table, span=span))
        if suspects := unlike(sums, self.fan_out.reference):
            self.compare_rows(shape, table, span, suspects, stored)
        self.rows += sums[self.fan_out.reference].rows
        self.progress(sums[self.fan_out.reference].rows)
        return span.upto

    def prepared(self, shape: TableShape) -> tuple[Comparable, str]:
        """Return how a table is compared, and SQL of a row's stored values; asked of the servers once a table."""
        if shape.name not in self.known:
            columns = stored_columns(self.fan_out.source, shape.name)
            table = comparing.comparable_as_stored(shape, columns)
            self.known[shape.name] = table, stored_row(columns)
            names = self.fan_out.names
            self.comparable[shape.name] = [name for name in names if self.is_comparable(name, table)]
        return self.known[shape.name]

    def is_comparable(self, name: NodeName, table: Comparable) -> bool:
        """Return whether the node can hash the table; if not, note why. The reference has to (NodeFailed)."""
        try:
            self.fan_out.ask_one(name, partial(comparing.check, table=table))
        except NodeFailed as error:
            if name == self.fan_out.reference:
                raise
            self.uncompared.append(f"{table.name} on {name.label} cannot be compared: {error.reason}.")
            return False
        return True

    def end_of_span(self, names: Iterable[NodeName], table: Comparable, rest: Span) -> Key | None:
        """Return where the next span ends: after ROWS rows of the reference, and twice as many of no other node."""
        return end_of_span(self.fan_out, names, table, rest, ROWS)

    def compare_rows(
        self, shape: TableShape, table: Comparable, span: Span, names: list[NodeName], stored: str
    ) -> None:
        """Find the rows whose digests differ in a span, and read them."""
        asked = [self.fan_out.reference, *names]
        held = self.fan_out.ask(asked, partial(comparing.digests, table=table, span=span))
        right = held.pop(self.fan_out.reference).items()
        doubtful = sorted({record for found in held.values() for record, _ in right ^ found.items()})
        for start in range(0, len(doubtful), RECORDS):
            self.examine(shape, doubtful[start : start + RECORDS], list(held), stored)

    def examine(self, shape: TableShape, records: list[str], names: list[NodeName], stored: str) -> None:
        """Read rows in doubt until each is decided or nothing can be on its way any more."""
        deadline = time.monotonic() + self.fan_out.settle
        reported: set[Difference] = set()
        pending = dict.fromkeys(names, records)
        while pending:
            asked = [self.fan_out.reference, *pending]
            wanted = sorted(set().union(*pending.values()))
            snapshots = self.fan_out.ask(
                asked, partial(row_snapshots.snapshot_rows, shape=shape, record_ids=wanted, stored=stored)
            )
            undecided = {
                name: self.judge_all(shape.name, mine, name, snapshots, reported)
                for name, mine in pending.items()
                if name in snapshots
            }
            pending = {name: rest for name, rest in undecided.items() if rest}
            pending = self.fan_out.worth_waiting_for(pending, deadline)

    def judge_all(
        self,
        table: str,
        records: Iterable[str],
        name: NodeName,
        snapshots: Snapshots,
        reported: set[Difference],
    ) -> list[str]:
        """Report what differs on one node and is not in `reported`; the records that are not decided yet."""
        undecided = []
        for record in records:
            right, found = snapshots[self.fan_out.reference][record], snapshots[name][record]
            verdict = judge(right, found, self.watermark)
            if verdict is Verdict.UNDECIDED:
                undecided.append(record)
            elif verdict is Verdict.DIFFERENT:
                wrong = row_differences(table, record, (self.fan_out.reference, right), (name, found))
                for difference in set(wrong) - reported:
                    reported.add(difference)
                    self.on_difference(difference)
        return undecided


def end_of_span(
    fan_out: FanOut, names: Iterable[NodeName], table: Comparable, rest: Span, rows: int
) -> Key | None:
    """Return the key after `rows` rows of the reference, or an earlier one where a node has twice as many up to it.

    None when the rest is that small on each of `names`.
    """
    end = comparing.key_at(fan_out.source, table, rest, rows)
    for name in fan_out.followers:
        if name in names:
            span = Span(rest.after, end or rest.upto)
            earlier = fan_out.ask_one(
                name, partial(comparing.key_at, table=table, span=span, number=2 * rows)
            )
            end = earlier or end
    return end
