"""Compare all nodes in the background, a step now and then, for about a hundredth of a core and without end.

Any number of processes may call `step`: one of them takes it. Its place is kept in the control database, so a pass
goes on after a restart. Rows are compared as `verify` compares them, while writes go on; of the log what lies at or
below the commit watermark, the rest in the next pass. What differs counts when it still does a moment later: a prune or
a recovery may have been at work on one node and not yet on the others.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import DatabaseError, InterfaceError, connections

from cluster.actions.events import journal
from cluster.actions.steps.observe import observe
from cluster.actions.verification import position
from cluster.actions.verification.compare_log import LogComparison
from cluster.actions.verification.compare_objects import compare_objects
from cluster.actions.verification.compare_tables import TableComparison
from cluster.actions.verification.differences import SHOWN
from cluster.actions.verification.verify import SETTLE, Nodes, Verification, amount, left_out
from cluster.conf import CONTROL_ALIAS
from cluster.models import Comparison
from cluster.nodes.cluster import connect_all
from cluster.nodes.fan_out import FanOut
from cluster.nodes.repair.comparing import Key
from cluster.nodes.schema.shape import shape
from cluster.protocol.differences import LOG, Difference
from cluster.protocol.errors import ClusterError
from cluster.protocol.view import ClusterView
from cluster.replicated import replicated_models

log = logging.getLogger(__name__)

SHARE: Final = 0.01
"""Of the time, how much a step may take: each server works for one session meanwhile."""
STEP_SECONDS: Final = 0.1
"""A step begins no further span after that."""
OBJECTS_SECONDS: Final = 300.0
CLAIM: Final = timedelta(seconds=60)
"""Who has claimed a step and is not heard of for so long has died; the step is taken again."""
ANSWER_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 1.0
"""Before a difference is read again."""
ROW: Final = 1


def step(nodes: Nodes, *, share: float = SHARE, seconds: float = STEP_SECONDS) -> bool:
    """Take the next step, if one is due and nobody else takes it; whether it was taken. Raises DatabaseError."""
    row = claim(datetime.now(UTC))
    if row is None:
        return False
    claimed, began = row.due_at, time.monotonic()
    try:
        advance(row, nodes, began + seconds)
    except ClusterError as error:
        row.waiting = str(error)
    took = time.monotonic() - began
    row.work_seconds += took
    row.due_at = datetime.now(UTC) + timedelta(seconds=min(took / share, 10 * CLAIM.total_seconds()))
    keep(row, claimed)
    return True


def claim(now: datetime) -> Comparison | None:
    """Compare-and-set: who moves the time forward takes the step, the others find it moved."""
    row, _ = Comparison.objects.get_or_create(pk=ROW, defaults={"due_at": now, "began_at": now})
    mine = Comparison.objects.filter(pk=ROW, due_at=row.due_at, due_at__lte=now).update(due_at=now + CLAIM)
    row.due_at = now + CLAIM
    return row if mine else None


def keep(row: Comparison, claimed: datetime) -> None:
    """Write down what a step came to, unless it took so long that somebody else has claimed it."""
    values = {f.name: getattr(row, f.name) for f in Comparison._meta.concrete_fields if not f.primary_key}
    Comparison.objects.filter(pk=ROW, due_at=claimed).update(**values)


def advance(row: Comparison, nodes: Nodes, deadline: float) -> None:
    """Compare until the deadline or the end of the pass. Raises NodeUnreachable, NodeFailed."""
    view = observe(nodes)
    row.waiting = obstacle(view)
    if row.waiting or view.primary is None:
        return
    if not row.table:
        row.total = amount(nodes, view)
    now = datetime.now(UTC)
    fan_out = FanOut({name: node.connection for name, node in nodes.items()}, view.primary.name, SETTLE)
    if row.objects_at is None or now - row.objects_at > timedelta(seconds=OBJECTS_SECONDS):
        differing = compare_objects(fan_out)
        alarm(differing, row.objects_found)
        row.objects_found, row.objects_at = differing, now
    spans = Spans(fan_out, min(state.watermark.log_id for state in view.reachable))
    while spans.compare(row) and time.monotonic() < deadline:
        pass
    if fan_out.lost:
        row.waiting = " ".join(f"{name.label} fell silent: {why}." for name, why in fan_out.lost.items())


def obstacle(view: ClusterView) -> str:
    """Return why nothing can be proven now; empty when it can."""
    if view.primary is None:
        return "no node takes writes"
    return "; ".join(f"{name.label} is not compared: {reason}" for name, reason in left_out(view).items())


@dataclass
class Spans:
    """Compares one span after the other. watermark: the log id at and below which the logs are complete."""

    fan_out: FanOut
    watermark: int
    differing: list[str] = field(default_factory=list)
    rows: int = 0

    def __post_init__(self) -> None:
        self._tables = TableComparison(self.fan_out, self.watermark, self.take, self.count)
        self._log = LogComparison(self.fan_out, self.take, self.count)
        self._shapes = {model._meta.db_table: shape(model) for model in replicated_models()}

    def take(self, difference: Difference) -> None:
        """Take note of a difference."""
        self.differing.append(difference.sentence)

    def count(self, rows: int) -> None:
        """Take note of rows that were compared."""
        self.rows += rows

    def compare(self, row: Comparison) -> bool:
        """Compare the next span and move on; whether the pass goes on. What a node fell silent in is compared again."""
        names = [*self._shapes, LOG]
        table = row.table if row.table in names else names[0]
        after = position.read(row.after) if table == row.table else None
        self.rows = 0
        end, differing = self.confirmed(table, after)
        if self.fan_out.lost:
            return False
        alarm(differing, [*row.found, *row.last_found], row.found_count)
        row.found = [*row.found, *differing][:SHOWN]
        row.found_count += len(differing)
        row.done += self.rows
        if end is None:
            table = next(iter(names[names.index(table) + 1 :]), "")
        row.table, row.after = table, position.written(end)
        if not table:
            finish(row)
        return bool(table)

    def confirmed(self, table: str, after: Key | None) -> tuple[Key | None, list[str]]:
        """Compare a span, twice when something differs; return its end and what differs both times."""
        end, first = self.compare_span(table, after)
        if not first:
            return end, []
        time.sleep(AGAIN_SECONDS)
        rows = self.rows
        _, second = self.compare_span(table, after)
        self.rows = rows
        return end, [sentence for sentence in first if sentence in set(second)]

    def compare_span(self, table: str, after: Key | None) -> tuple[Key | None, list[str]]:
        """Compare the span of a table that follows a key; return its end and what differs."""
        self.differing = []
        uncompared = len(self._tables.uncompared)
        in_log = table == LOG
        end = (
            self._log.compare_next(after) if in_log else self._tables.compare_next(self._shapes[table], after)
        )
        return end, [*self.differing, *self._tables.uncompared[uncompared:]]


def finish(row: Comparison) -> None:
    """End the pass and begin the next one."""
    now = datetime.now(UTC)
    if not row.found and not row.objects_found:
        row.proven_at = now
    row.last_found, row.last_found_count = row.found, row.found_count
    row.found, row.found_count, row.done, row.began_at, row.work_seconds = [], 0, 0, now, 0.0


def alarm(differing: Iterable[str], known: Iterable[str], count: int = 0) -> None:
    """Alarm once for what is not known yet; the list of what is known holds SHOWN sentences, and more are no news."""
    fresh = [sentence for sentence in differing if sentence not in set(known)]
    if fresh and count < SHOWN:
        rest = f" And {len(fresh) - 1} more." if len(fresh) > 1 else ""
        sentence = f"The nodes differ: {fresh[0]}{rest}"
        journal.record(
            journal.EventRecord(journal.Kind.ALARM, "compare", sentence, facts={"found": fresh[:SHOWN]})
        )


def proved(verification: Verification) -> None:
    """Take over what `verify_consistency` has proven, also that differences are gone."""
    if not verification.equal:
        return
    none = {"found": [], "found_count": 0, "last_found": [], "last_found_count": 0, "objects_found": []}
    try:
        Comparison.objects.filter(pk=ROW).update(proven_at=datetime.now(UTC), **none)
    except (DatabaseError, InterfaceError) as error:
        log.warning("The dashboard does not show what was proven: %s", error)


def run(over: threading.Event) -> None:
    """Take steps until it is over. A control database that is away is tried again."""
    nodes, problem = connect_all(timeout=ANSWER_SECONDS), ""
    while not over.wait(STEP_SECONDS / SHARE):
        try:
            step(nodes)
            problem = ""
        except (DatabaseError, InterfaceError) as error:
            if str(error) != problem:
                log.warning("The nodes are not compared in the background: %s", error)
            problem = str(error)
        except Exception:  # the watch goes on, and the next step is to be taken, whatever this one did
            log.exception("A step of the comparison in the background failed")
        finally:
            connections[CONTROL_ALIAS].close()
    for node in nodes.values():
        node.close()
