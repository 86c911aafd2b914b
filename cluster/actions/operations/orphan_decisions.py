"""What an operator decides about orphaned transactions: show, apply again, dismiss, take back.

A transaction is decided as a whole: its entries were written together or not at all, and so they are again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.actions.events import journal
from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import observe
from cluster.nodes.log.images import DECODER
from cluster.nodes.log.orphan import Orphan
from cluster.nodes.log.writing import write
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import deciding
from cluster.nodes.schema.shape import TableShape, shape
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models

REASON_LENGTH = 255
NAMED = 10
"""Transactions that an event names; it counts the others."""

Nodes = Mapping[NodeName, MariaDBNode]
Image = dict[str, object] | None
"""The columns of a row, numbers as text to the last digit; None where there is no row."""


@dataclass(frozen=True, slots=True)
class Line:
    """One column of an orphaned entry in its three images. None is NULL, or no row."""

    column: str
    before: object
    orphaned: object
    now: object

    @property
    def by_it(self) -> bool:
        """Whether the orphaned entry changed it."""
        return bool(self.before != self.orphaned)

    @property
    def since(self) -> bool:
        """Whether it is not what the orphaned entry found any more."""
        return bool(self.before != self.now)


@dataclass(frozen=True, slots=True)
class Shown:
    """An orphaned entry, its row as it is now on `node`, and the other entries of its transaction."""

    orphan: Orphan
    before: Image
    orphaned: Image
    now: Image
    node: NodeName
    together: Sequence[str]

    @property
    def lines(self) -> list[Line]:
        """Every column that any of the images has."""
        images = [image or {} for image in (self.before, self.orphaned, self.now)]
        columns = dict.fromkeys(column for image in images for column in image)
        return [Line(column, *(image.get(column) for image in images)) for column in columns]


@dataclass(frozen=True, slots=True)
class Decided:
    """One transaction that was decided, or why it was not. ids: its entries."""

    transaction_id: str
    ids: tuple[str, ...]
    done: bool
    sentence: str
    reapplied_as: str = ""


def listed(nodes: Nodes, status: str | None, limit: int | None = None) -> tuple[list[Orphan], int]:
    """Return the orphaned entries of a status (None: all), the oldest first, and how many there are."""
    connection = nodes[best(nodes)].connection
    return deciding.orphans(connection, status, limit), deciding.count(connection, status)


def best(nodes: Nodes) -> NodeName:
    """Return the node to read from: the primary, else the furthest. Raises Refused when none answers."""
    view = observe(nodes)
    if view.reference is None:
        raise Refused(f"No node answers. {view.missing()}")
    return view.reference.name


def show(nodes: Nodes, orphan_id: str) -> Shown:
    """Return one orphaned entry and its row as it is now. Raises Refused when there is no such entry."""
    name = best(nodes)
    connection = nodes[name].connection
    orphan = deciding.by_id(connection, orphan_id)
    table = shapes().get(orphan.table_name)
    now = deciding.current_image(connection, table, orphan.record_id) if table else None
    siblings = deciding.of_transaction(connection, orphan.transaction_id)
    return Shown(
        orphan,
        image(orphan.old_value),
        image(orphan.new_value),
        image(now),
        name,
        [sibling.id for sibling in siblings if sibling.id != orphan.id],
    )


def image(text: str | None) -> Image:
    """Return an image's columns."""
    return None if text is None else DECODER.decode(text)


def shapes() -> dict[str, TableShape]:
    """Return the replicated tables by name."""
    return {model._meta.db_table: shape(model) for model in replicated_models()}


def reapply(
    nodes: Nodes,
    ids: Sequence[str],
    *,
    lease_seconds: float,
    force: bool = False,
    edited: Mapping[str, str | None] | None = None,
) -> list[Decided]:
    """Write orphaned transactions once more, each as one new transaction on the primary, acknowledged.

    The oldest first; a transaction that is refused stays as it is and does not stop the others. edited: columns
    of a single row that are written otherwise. Raises Refused when there is no primary or an id names none,
    NotAcknowledged.
    """
    primary = writable(nodes, lease_seconds)
    tables = shapes()

    def one(transaction_id: str) -> Decided:
        def work(new_id: str) -> tuple[str, list[Orphan]]:
            return new_id, deciding.reapply(
                primary.connection, tables, transaction_id, new_id, force=force, edited=edited
            )

        new_id, entries = write(primary.connection, work)
        what = described(entries)
        return decided(transaction_id, entries, f"{what} applied again as transaction {new_id}.", new_id)

    return decide(primary, "reapply", ids, one)


def dismiss(nodes: Nodes, ids: Sequence[str], *, lease_seconds: float, reason: str) -> list[Decided]:
    """Note that orphaned transactions will not be applied, and why; acknowledged. Raises as `reapply`."""
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise Refused(f"A reason has 1 to {REASON_LENGTH} characters.")
    primary = writable(nodes, lease_seconds)

    def one(transaction_id: str) -> Decided:
        def work(_new_id: str) -> list[Orphan]:
            return deciding.dismiss(primary.connection, transaction_id, reason)

        entries = write(primary.connection, work)
        return decided(transaction_id, entries, f"{described(entries)} dismissed.")

    return decide(primary, "dismiss", ids, one)


def reopen(nodes: Nodes, ids: Sequence[str], *, lease_seconds: float) -> list[Decided]:
    """Take dismissals back; acknowledged. Raises as `reapply`."""
    primary = writable(nodes, lease_seconds)

    def one(transaction_id: str) -> Decided:
        def work(_new_id: str) -> list[Orphan]:
            return deciding.reopen(primary.connection, transaction_id)

        entries = write(primary.connection, work)
        return decided(transaction_id, entries, f"{described(entries)} waits for a decision again.")

    return decide(primary, "reopen", ids, one)


def undo(nodes: Nodes, ids: Sequence[str], *, lease_seconds: float) -> list[Decided]:
    """Take decisions back, dismissals and reapplications, each as a new transaction. Raises as `reapply`."""
    primary = writable(nodes, lease_seconds)
    tables = shapes()

    def one(transaction_id: str) -> Decided:
        def work(_new_id: str) -> list[Orphan]:
            return deciding.undo(primary.connection, tables, transaction_id)

        entries = write(primary.connection, work)
        return decided(transaction_id, entries, f"{described(entries)} waits for a decision again.")

    return decide(primary, "undo", ids, one)


def decide(
    primary: MariaDBNode, verb: str, ids: Iterable[str], one: Callable[[str], Decided]
) -> list[Decided]:
    """Decide on each transaction by itself; leave one event for all."""
    with journal.attempt(verb) as made:
        outcomes = [attempt(transaction_id, one) for transaction_id in transactions(primary, ids)]
        if done := [outcome.sentence for outcome in outcomes if outcome.done]:
            made.succeeded(" ".join(done[:NAMED]), old="", new="", epoch=None, transactions=len(done))
    return outcomes


def writable(nodes: Nodes, lease_seconds: float) -> MariaDBNode:
    """Return the primary. Raises Refused when no node takes writes."""
    view = observe_revived(nodes, lease_seconds)
    if view.primary is None:
        raise Refused(f"Nothing was done: no node takes writes now. {view.missing()}".strip())
    return nodes[view.primary.name]


def transactions(primary: MariaDBNode, ids: Iterable[str]) -> list[str]:
    """Return the transactions that these entries belong to, the oldest first. Raises Refused for an unknown id."""
    found = [deciding.by_id(primary.connection, orphan_id) for orphan_id in ids]
    return list(dict.fromkeys(orphan.transaction_id for orphan in sorted(found, key=lambda o: o.entry)))


def attempt(transaction_id: str, one: Callable[[str], Decided]) -> Decided:
    """Decide on one transaction; a refusal is an outcome too."""
    try:
        return one(transaction_id)
    except Refused as error:
        return Decided(transaction_id, (), done=False, sentence=str(error))


def decided(transaction_id: str, entries: Iterable[Orphan], sentence: str, reapplied_as: str = "") -> Decided:
    """Return the record of a transaction that was decided."""
    return Decided(transaction_id, tuple(o.id for o in entries), True, sentence, reapplied_as)


def described(entries: Sequence[Orphan]) -> str:
    """Describe a transaction's entries at the beginning of a sentence."""
    first = entries[0]
    more = f" and {len(entries) - 1} more of its transaction" if len(entries) > 1 else ""
    return f"{first.id} ({first.row}){more}"
