"""Make a node that is empty or beyond repair what the primary is, while writes go on.

**Out of the vote, and back.** A node that lost its data has forgotten what it promised: which epochs it
refuses, and to whose lease it has consented. Were it asked again as if it were new, an old primary could have
its writes confirmed by it although a newer one was promoted with its vote, and a rival could claim it while
the lease that it consented to still runs. And a node that lacks entries must not be counted as one that holds
them: whoever is promoted with its vote takes its log for all that it ever confirmed. So the first thing is to
withdraw the node (cluster.nodes.repair.rebuilding): it can be neither claimed nor asked for a consent, and takes no
entries, whoever asks and however often this process is killed. Only a rebuild that comes to its end takes it
back, and then

- its promise: a node that knows its promise keeps it, as the same number below zero, and is refused here when
  it is higher than the primary's epoch. One that does not gets the primary's epoch, and both other nodes must
  answer, now and at the end, and have promised no more. A promotion to a higher epoch that counted the
  forgotten vote and succeeded was promised by one of these two as well. (Not covered: a coordinator that
  claimed the node before, was stopped, and makes its other claim after the rebuild has ended.)
- its consents: a node that does not know them records one anew, for the longest that a lease lasts.
- its log: it votes again only when it holds every entry that the primary held at some moment after it was
  withdrawn, hence all that it ever confirmed in this epoch. PROMOTION entries come in the order of the log,
  each after all entries of the epochs before it (boundary rule, invariant (a)). From there on it is an
  ordinary node that lags.

**The copy.** First the log up to the primary's commit watermark, as it stands: all of it was committed before.
Then the rows, span by span, each read after that moment and so at least that new. Then the entries above the
watermark with their images, where the newest of each record wins: a row that changed while it was copied ends as
its newest entry says, and a row without any entry stays as it was copied. A span whose checksum is right
already is not copied again: a rebuild that was cut off goes on where it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from cluster.actions.events import journal
from cluster.actions.maintenance import setup
from cluster.actions.steps.lease import observe_revived
from cluster.actions.steps.observe import observe
from cluster.actions.steps.orphans import file_under_lease
from cluster.actions.steps.reconcile import WINDOW, Progress, common_watermark, id_windows, ignore, reconcile
from cluster.actions.steps.rounds import note_round
from cluster.conf import conf
from cluster.nodes.cluster import administrator
from cluster.nodes.log import reading
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import comparing, rebuilding
from cluster.nodes.repair.comparing import LOG_TABLE, Comparable, Key, Span, log_span
from cluster.nodes.repair.rebuilding import Withdrawn
from cluster.nodes.schema import install, migration_record
from cluster.nodes.schema.inventory import Inventory
from cluster.nodes.schema.model_schema import model_tables
from cluster.nodes.schema.shape import shape
from cluster.protocol.errors import Refused
from cluster.protocol.lease import consent_seconds
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.parts import Part, Position
from cluster.protocol.view import ClusterView, NodeState
from cluster.replicated import replicated_models

SPAN = 4000
"""Rows or entries copied in one transaction."""

Nodes = Mapping[NodeName, MariaDBNode]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A rebuild that is complete.

    rows, entries: what the node holds; orphaned: orphaned entries on the way; unlinked: the federated tables
    to other nodes that could not be made, each with the reason.
    """

    node: NodeName
    source: NodeName
    rows: int
    entries: int
    orphaned: int
    unlinked: list[str]

    @property
    def sentence(self) -> str:
        """What the operator reads at the end."""
        sentence = (
            f"{self.node.label} was rebuilt from {self.source.label}: {self.rows} rows, "
            f"{self.entries} log entries."
        )
        return " ".join([sentence, *self.unlinked])


def rebuild(nodes: Nodes, name: NodeName, *, lease_seconds: float, progress: Progress = ignore) -> Rebuilt:
    """Rebuild one node from the primary. May be cut off and repeated at any point.

    Raises Refused with the reason (no primary, the primary itself, a promise that is not kept otherwise, a
    new epoch on the way), NodeUnreachable, NodeFailed, WritersBusy.
    """
    with journal.attempt("rebuild") as attempt:
        done = make_anew(nodes, name, lease_seconds=lease_seconds, progress=progress)
        attempt.succeeded(
            done.sentence,
            old="rebuilt",
            new="caught up",
            epoch=None,
            rows=done.rows,
            entries=done.entries,
            orphaned_entries=done.orphaned,
        )
    return done


def make_anew(nodes: Nodes, name: NodeName, *, lease_seconds: float, progress: Progress) -> Rebuilt:
    """Rebuild the node. Raises as `rebuild`."""
    view = observe_revived(nodes, lease_seconds)
    primary = check(view, name)
    target, source = nodes[name], nodes[primary.name]
    require_migrated(source)
    withdrawn = take_out(target, view, primary, lease_seconds)
    take_definitions(source, target)
    copy = Copy(source, target, progress)
    orphaned = copy.leave_orphans()
    before = source.state()  # what is pruned while it is copied may reach the target or not
    watermark = before.watermark.log_id
    copy.copy_log(watermark)
    rows = copy.copy_rows()
    copy.copy_rest(watermark)
    source.note_follower(withdrawn.epoch)
    take_back(nodes, target, source, withdrawn, before)
    orphaned += reconcile(target, source, withdrawn.epoch).orphaned
    file_under_lease(nodes, target, source, withdrawn.epoch, lease_seconds)
    if name.following_mode is not Mode.RECOVERING:
        target.close_writes(name.following_mode, withdrawn.epoch)
    note_round(source, target, withdrawn.epoch)
    return Rebuilt(name, source.name, rows, target.state().entries, orphaned, setup.link(name))


def amount(nodes: Nodes, view: ClusterView) -> int:
    """About how many rows and entries there are to copy, for the progress."""
    if view.reference is None:
        return 0
    names = [model._meta.db_table for model in replicated_models()]
    return view.reference.entries + comparing.estimate(nodes[view.reference.name].connection, names)


def check(view: ClusterView, name: NodeName) -> NodeState:
    """Return the primary. Raises Refused when there is none, or when it is the node to rebuild."""
    primary = leader(view)
    if primary is None:
        raise Refused(
            f"{name.label} cannot be rebuilt: no node takes writes now, so it is not certain what is right. "
            f"Promote a node first (promote_node_a, switchover). {view.missing()}".strip()
        )
    if primary.name is name:
        raise Refused(
            f"{name.label} takes the writes itself and cannot be rebuilt; hand them over with switchover first."
        )
    return primary


def leader(view: ClusterView) -> NodeState | None:
    """Return the primary. One whose lease has run out will do: perhaps it only lacks this node's consent.

    Nobody can have been promoted since: two nodes have promised no higher epoch, namely the primary and the
    node itself, or where that has forgotten its promise both others.
    """
    return view.primary or view.lapsed


def require_migrated(source: MariaDBNode) -> None:
    """Require the newest shape of the primary, in which the node is made. Raises Refused."""
    if waiting := migration_record.pending(source.connection):
        names = ", ".join(".".join(key) for key in waiting)
        raise Refused(f"{source.name.label} lacks migrations ({names}): run migrate first, then this again.")


def take_out(target: MariaDBNode, view: ClusterView, primary: NodeState, lease_seconds: float) -> Withdrawn:
    """Withdraw the node and set it up."""
    settings = conf()
    admin = administrator(target.name)
    install.create_accounts(admin, settings)
    admin.close()
    rebuilding.lock_rebuild(target.connection)
    rebuilding.make_memory(target.connection)
    withdrawn = rebuilding.withdraw(
        target.connection, primary.promised, consent_seconds(lease_seconds), settings
    )
    if withdrawn.lost:
        check_promises(view, target.name, primary.promised)
    else:
        drop_outdated(target)
    setup.set_up(target.name)
    target.close_writes(Mode.RECOVERING)
    return withdrawn


def take_definitions(source: MariaDBNode, target: MariaDBNode) -> None:
    """Make the tables anew that are not defined as the primary's, with their triggers."""
    if setup.take_definitions(source.connection, target.connection):
        setup.set_up(target.name)


def drop_outdated(target: MariaDBNode) -> None:
    """Drop the replicated tables that are not as their models say; set-up makes them anew, in their newest shape."""
    held = Inventory(target.connection)
    for item in model_tables(target.name, replicated_models()):
        if install.status(held, item) is install.Status.OUTDATED:
            target.connection.run(f"DROP TABLE `{item.name}`")
    if migration_record.is_kept(target.connection):
        migration_record.forget(target.connection)


def check_promises(view: ClusterView, name: NodeName, epoch: int) -> None:
    """Require that the other nodes vouch for one that forgot its promises. Raises Refused."""
    for other in NodeName:
        if other is name:
            continue
        if error := view.error(other):
            raise Refused(
                f"{name.label} has lost its data and does not know what it has promised, and {other.label} "
                f"cannot be asked: {error}"
            )
        state = view.state(other)
        if state is not None and state.promised > epoch:
            raise Refused(
                f"{other.label} has promised epoch {state.promised}, above the primary's {epoch}: another "
                "promotion is under way. Read cluster_status, then run rebuild_node again; it goes on where "
                "it was."
            )


def take_back(
    nodes: Nodes, target: MariaDBNode, source: MariaDBNode, withdrawn: Withdrawn, copied: NodeState
) -> None:
    """Let the node vote again, if the primary that it was copied from still leads. Raises Refused.

    copied: the state of the source when the copy of its log began.
    """
    view = observe(nodes)
    primary = leader(view)
    if primary is None or (primary.name, primary.promised) != (source.name, withdrawn.epoch):
        raise Refused(
            f"{source.name.label} does not lead epoch {withdrawn.epoch} any more. {target.name.label} takes no "
            "part until rebuild_node is run again; it goes on where it was."
        )
    if withdrawn.lost:
        check_promises(view, target.name, withdrawn.epoch)
    watermark = copied.watermark.log_id
    entries = reading.count_upto(source.connection, watermark)
    rebuilding.rejoin(target.connection, withdrawn.epoch, watermark, copied.pruned, entries)


@dataclass
class Copy:
    """The copy of one node onto another, which is withdrawn."""

    source: MariaDBNode
    target: MariaDBNode
    progress: Progress

    def leave_orphans(self) -> int:
        """Orphan, rows untouched, what the target's log has and the source's has not; how many entries.

        Rule 5: they are filed on the primary in the end. At and below the common watermark nothing can be lost.
        """
        own = self.target.state()
        if own.led > self.source.state().led:
            raise Refused(
                f"{self.target.name.label} has seen the beginning of epoch {own.led}, which "
                f"{self.source.name.label} has not; it cannot be rebuilt from there."
            )
        found = 0
        for ids in id_windows(self.target, common_watermark(own, self.source)):
            kept = set(self.source.log_ids(ids[0].log_id - 1, ids[-1].log_id))
            lost = [entry for entry in ids if entry not in kept]
            rebuilding.leave_orphans(self.target.connection, lost)
            found += len(lost)
        return found

    def copy_log(self, watermark: int) -> None:
        """Entries up to `watermark`, without their images."""
        copy = partial(rebuilding.copy_entries, self.source.connection, self.target.connection)
        self.copy_table(LOG_TABLE, log_span(None, watermark), copy)

    def copy_rows(self) -> int:
        """Copy the rows of every replicated table; return how many."""
        total = 0
        for model in replicated_models():
            table = shape(model)
            copy = partial(rebuilding.copy_rows, self.source.connection, self.target.connection, table)
            total += self.copy_table(comparing.comparable(table), Span(), copy)
        return total

    def copy_table(self, table: Comparable, whole: Span, copy: Callable[[Span], None]) -> int:
        """Copy the spans of a table that are not right yet; how many rows the source has."""
        total = 0
        for span in comparing.spans(partial(self.end_of_span, table), whole):
            right = comparing.checksum(self.source.connection, table, span)
            if right != comparing.checksum(self.target.connection, table, span):
                copy(span)
            self.progress(right.rows)
            total += right.rows
        return total

    def end_of_span(self, table: Comparable, rest: Span) -> Key | None:
        """Return where the next span ends: after SPAN rows of the source, and twice as many of the target."""
        end = comparing.key_at(self.source.connection, table, rest, SPAN)
        span = Span(rest.after, end or rest.upto)
        return comparing.key_at(self.target.connection, table, span, 2 * SPAN) or end

    def copy_rest(self, watermark: int) -> None:
        """Entries above `watermark` with their images, until the source shows no more."""
        rebuilding.cut_log(self.target.connection, watermark)
        complete, large = False, list[str]()
        while not complete:
            window = self.source.read_log(watermark, WINDOW, large)
            part: Part | None = Part(window.entries, Position(watermark))
            if window.large is not None:  # in parts: nobody reads a node that is withdrawn
                large.append(window.large.transaction_id)
                part = self.source.read_part(window.large, Position(watermark), WINDOW)
            while part:
                rebuilding.fill(self.target.connection, part)
                self.progress(len(part.entries))
                if window.large is None:
                    break
                part = self.source.read_part(window.large, part.end, WINDOW)
            watermark, complete = window.upto, window.complete
