"""What differs between nodes, and how lag is differs from damage. Pure: the snapshots are taken elsewhere.

A snapshot shows a row and the newest entry of its record in one snapshot of one node. Two nodes that stand at the
same entry must hold the same row; nodes that stand at different ones are simply not equally far, unless a row
is not what its own log says.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from cluster.protocol.entries import EntryId
from cluster.protocol.names import MAJORITY, NodeName

T = TypeVar("T")

LOG = "transaction_log"


def entry_id(text: str) -> EntryId:
    """Return the identity that `<epoch>-<log_id>` stands for."""
    epoch, log_id = text.split("-")
    return EntryId(int(epoch), int(log_id))


class Kind(StrEnum):
    """How a row or an entry differs from what it should be."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One row, or one entry of the log, that is wrong on one node.

    key: the record id; for an entry `<epoch>-<log_id>`. columns: those that differ, in the table's order.
    against_log: it contradicts the node's own log, whatever the other nodes hold.
    """

    table: str
    key: str
    node: NodeName
    kind: Kind
    columns: tuple[str, ...] = ()
    against_log: bool = False

    @property
    def in_log(self) -> bool:
        """Whether it is an entry of the log and not a row."""
        return self.table == LOG

    @property
    def entry(self) -> EntryId:
        """The entry that differs. Only where `in_log`."""
        return entry_id(self.key)

    @property
    def sentence(self) -> str:
        """Table, key, node and how it differs."""
        how = f"different: {', '.join(self.columns)}" if self.columns else self.kind.value
        against = ", against its own log" if self.against_log else ""
        return f"{self.table} {self.key} on {self.node.label}: {how}{against}"


@dataclass(frozen=True, slots=True)
class RowSnapshot:
    """A record on one node at one moment: the row's image (None: no row), the newest entry and its image.

    stored: the row's stored values as JSON, where they were asked for.
    """

    image: str | None = None
    entry: EntryId | None = None
    logged: str | None = None
    stored: str | None = None

    @property
    def against_log(self) -> bool:
        """Whether the row is not the newest entry's image. A row without any entry contradicts nothing."""
        return self.entry is not None and kind_of(self.logged, self.image) is not None


class Verdict(StrEnum):
    """What two snapshots at a record say."""

    EQUAL = "equal"
    DIFFERENT = "different"
    LAGGING = "lagging"
    UNDECIDED = "undecided"


def judge(reference: RowSnapshot, other: RowSnapshot, watermark: int) -> Verdict:
    """Compare a record on two nodes. watermark: at and below this log id both logs are complete.

    Two rows that differ are both right when each is the newest image of its own log and the logs stand at
    different entries above the watermark. Where one node has no entry of the record at all yet, a later snapshot
    decides.
    """
    if reference.image == other.image and reference.stored == other.stored:
        return Verdict.EQUAL
    newest = max((seen.entry for seen in (reference, other) if seen.entry), default=None)
    if reference.entry == other.entry or newest is None or newest.log_id <= watermark:
        return Verdict.DIFFERENT
    if reference.against_log or other.against_log:
        return Verdict.DIFFERENT
    return Verdict.LAGGING if reference.entry and other.entry else Verdict.UNDECIDED


def row_differences(
    table: str, key: str, reference: tuple[NodeName, RowSnapshot], other: tuple[NodeName, RowSnapshot]
) -> Iterable[Difference]:
    """Return what is wrong where `judge` found a difference: who contradicts its own log, else the other node."""
    (source, right), (node, found) = reference, other
    if right.against_log:
        yield difference(table, key, source, right.logged, right.image, against_log=True)
    if found.against_log:
        yield difference(table, key, node, found.logged, found.image, against_log=True)
    elif not right.against_log:
        differs = difference(table, key, node, right.image, found.image, against_log=False)
        if right.stored and found.stored and not differs.columns:  # what no image shows
            differs = replace(differs, columns=differing_columns(right.stored, found.stored))
        yield differs


def difference(
    table: str, key: str, node: NodeName, right: str | None, found: str | None, *, against_log: bool
) -> Difference:
    """Return the difference of `found` on `node` from the image that would be right."""
    kind = kind_of(right, found) or Kind.DIFFERENT
    columns = differing_columns(right, found) if right and found else ()
    return Difference(table, key, node, kind, columns, against_log)


def kind_of(right: str | None, found: str | None) -> Kind | None:
    """Return how an image differs from the right one; None when it does not."""
    if right == found:
        return None
    if found is None:
        return Kind.MISSING
    if right is None:
        return Kind.EXTRA
    return Kind.DIFFERENT if differing_columns(right, found) else None


def differing_columns(right: str, found: str) -> tuple[str, ...]:
    """Return the columns whose values differ, to the last digit. A column that only one image knows is left out:
    an image may be older than the column.
    """
    one, two = exact(right), exact(found)
    return tuple(column for column, value in one.items() if column in two and two[column] != value)


def exact(image: str) -> dict[str, object]:
    """Return the columns of an image. Numbers are marked and stay text, so that 1.0 is not 1 and not '1.0'."""
    columns: dict[str, object] = json.loads(
        image, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text)
    )
    return columns


def unlike(answers: Mapping[NodeName, T], reference: NodeName) -> list[NodeName]:
    """Return the nodes whose answer is not the reference's."""
    return [name for name, answer in answers.items() if answer != answers[reference]]


def blame(versions: Mapping[NodeName, T | None], reference: NodeName) -> Iterable[tuple[NodeName, Kind]]:
    """Return which nodes hold a wrong version of one log entry (None: they do not hold it).

    The reference is right, unless the two others agree against it on what the entry says: entries are only
    ever added, so what two nodes hold was there.
    """
    right = versions[reference]
    others = [version for name, version in versions.items() if name != reference]
    if len(others) >= MAJORITY and others[0] is not None and len(set(others)) == 1:
        right = others[0]
    for name, version in versions.items():
        if version != right:
            yield name, Kind.MISSING if version is None else Kind.EXTRA if right is None else Kind.DIFFERENT
