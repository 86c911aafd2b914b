"""Compare what the nodes hold: every replicated table and the log, by checksum, while writes go on; and what stands
around them: definitions, triggers, routines, rights, settings.

The servers hash spans of a few thousand rows; only a span whose sums differ is read row by row. A row in
doubt is read together with the newest entry of its record (see `cluster.protocol.differences`), so what
is merely on its way is not taken for damage, and what is wrong is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.actions.events import journal
from cluster.actions.steps.reconcile import Progress, ignore
from cluster.actions.verification.compare_log import LogComparison
from cluster.actions.verification.compare_objects import compare_objects
from cluster.actions.verification.compare_tables import OnDifference, TableComparison
from cluster.nodes.fan_out import FanOut
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import comparing
from cluster.nodes.schema.shape import shape
from cluster.protocol.differences import Difference
from cluster.protocol.errors import Refused
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.view import ClusterView, NodeState
from cluster.replicated import replicated_models

SETTLE = 3.0
"""Seconds that what is on its way may take before its absence counts."""

Nodes = Mapping[NodeName, MariaDBNode]


@dataclass
class Verification:
    """What a verification found. rows, tables, entries: what the reference holds of them.

    lag: entries that a node has not received yet. unreachable: why a node was not compared. uncompared: what
    else was left out, in sentences. objects: what is wrong around the rows, in sentences.
    """

    reference: NodeName
    rows: int = 0
    tables: int = 0
    entries: int = 0
    different_rows: int = 0
    different_entries: int = 0
    lag: dict[NodeName, int] = field(default_factory=dict)
    unreachable: dict[NodeName, str] = field(default_factory=dict)
    uncompared: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)

    def count(self, difference: Difference) -> None:
        """Take note of a difference."""
        if difference.in_log:
            self.different_entries += 1
        else:
            self.different_rows += 1

    @property
    def equal(self) -> bool:
        """Whether all nodes were compared, in all, and are equal."""
        return not (self.differences or self.lag or self.unreachable or self.uncompared or self.objects)

    @property
    def differences(self) -> int:
        """Rows and entries that differ."""
        return self.different_rows + self.different_entries

    @property
    def sentence(self) -> str:
        """What the operator reads at the end."""
        size = f"{self.rows} rows in {self.tables} tables and {self.entries} log entries"
        if self.equal:
            return f"All nodes are equal: {size} on each node."
        parts = [f"{name.label} was not compared: {reason}." for name, reason in self.unreachable.items()]
        parts += self.uncompared
        parts += self.objects
        parts += [f"{name.label} lacks the last {count} log entries." for name, count in self.lag.items()]
        if self.differences:
            parts.append(f"{self.different_rows} rows and {self.different_entries} log entries differ.")
        else:
            parts.append(f"What was compared is equal to {self.reference.label}: {size}.")
        return " ".join(parts)


def verify(
    nodes: Nodes,
    view: ClusterView,
    *,
    on_difference: OnDifference,
    progress: Progress = ignore,
    settle: float = SETTLE,
) -> Verification:
    """Compare the nodes that answered in `view` with the primary, or with the newest of them.

    on_difference: is given each difference when it is certain. settle: seconds that what is on its way may take.
    Raises Refused when there are no two nodes to compare, NodeUnreachable and NodeFailed when the reference
    fails on the way.
    """
    reference, states = check(view)
    result = Verification(reference.name)

    def report(difference: Difference) -> None:
        result.count(difference)
        on_difference(difference)

    fan_out = FanOut({state.name: nodes[state.name].connection for state in states}, reference.name, settle)
    result.objects = compare_objects(fan_out)
    tables = TableComparison(fan_out, min(s.watermark.log_id for s in states), report, progress)
    for model in replicated_models():
        tables.compare(shape(model))
        result.tables += 1
    log = LogComparison(fan_out, report, progress)
    log.compare()
    result.rows, result.entries, result.lag = tables.rows, log.entries, log.lag
    result.uncompared = tables.uncompared
    result.unreachable = left_out(view) | fan_out.lost
    return result


def check(view: ClusterView) -> tuple[NodeState, list[NodeState]]:
    """Return the reference, and all nodes that are compared. Raises Refused with the reason."""
    reference = view.reference
    states = [state for state in view.reachable if not state.withdrawn]
    if reference is None or len(states) < MAJORITY:
        raise Refused(f"There are no two nodes to compare. {view.missing()}".strip())
    return reference, states


def left_out(view: ClusterView) -> dict[NodeName, str]:
    """Return why a node is not compared. One that has been withdrawn holds whatever a rebuild has copied so far."""
    reasons = {name: error.reason for name in NodeName if (error := view.error(name))}
    return reasons | {s.name: "it is being rebuilt" for s in view.reachable if s.withdrawn}


def amount(nodes: Nodes, view: ClusterView) -> int:
    """About how many rows and entries a verification goes through, for its progress."""
    if view.reference is None:
        return 0
    names = [model._meta.db_table for model in replicated_models()]
    return view.reference.entries + comparing.estimate(nodes[view.reference.name].connection, names)


def note(verification: Verification) -> None:
    """Leave an event: an alarm when the nodes differ."""
    kind = journal.Kind.DECISION if verification.equal else journal.Kind.ALARM
    journal.record(journal.EventRecord(kind, "verify", verification.sentence))
