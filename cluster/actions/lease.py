"""The permit to take writes: consent of a second node, then a lease on the primary's own clock."""

import logging
from collections.abc import Iterable, Sequence

from cluster.actions.observe import Nodes, observe
from cluster.protocol.errors import ClusterError, NodeUnreachable, NoMajority
from cluster.protocol.names import Alone, Mode
from cluster.protocol.node import Node
from cluster.protocol.view import ClusterView

log = logging.getLogger(__name__)

MARGIN = 0.1
"""A consent outlasts its lease by this share, for clocks that run at different speeds."""


def grant(primary: Node, voters: Iterable[Node], epoch: int, mode: Mode, seconds: float) -> None:
    """Give a newly promoted primary its first lease and its writing mode.

    Raises NoMajority when nobody consents, StaleEpoch when the primary was claimed meanwhile.
    """
    until, _ = agreed_until(primary, voters, epoch, seconds)
    primary.open_writes(epoch, mode, until)


def renew(primary: Node, voters: Iterable[Node], epoch: int, seconds: float) -> Node | None:
    """Extend the lease of the primary of `epoch`. Anyone may, any number at once. Raises as `grant`.

    Returns the voter that consented, the one to ask first the next time; None when it goes on alone.
    """
    until, voter = agreed_until(primary, voters, epoch, seconds)
    primary.renew_lease(epoch, until)
    return voter


def observe_revived(nodes: Nodes, seconds: float) -> ClusterView:
    """See the cluster; where only the lease of its primary has run out, renew it and look again.

    A lease runs out while no second node answers, or while no replicator runs. Nobody was promoted since, so
    whoever finds it may renew it; if that fails the view stays without a primary, and says so.
    """
    view = observe(nodes)
    lapsed = view.lapsed
    if lapsed is None:
        return view
    voters = [node for node in nodes.values() if node.name is not lapsed.name]
    try:
        renew(nodes[lapsed.name], voters, lapsed.promised, seconds)
    except ClusterError as error:
        log.info("The lease of %s could not be renewed: %s", lapsed.name.label, error)
        return view
    return observe(nodes)


def agreed_until(
    primary: Node, voters: Iterable[Node], epoch: int, seconds: float
) -> tuple[float, Node | None]:
    """The end of a lease that a majority consents to, on the primary's clock, and the voter.

    Without a voter when the primary may go on alone.

    The clock is read before the question: however long the answer takes, the lease ends before the consent
    does. Invariant (b). Source: Gray and Cheriton, "Leases", 1989. A primary that commits nothing raises
    before anybody consents: its permit runs out, and another node can take over.
    """
    before = primary.beat()
    refusals: list[ClusterError] = []
    for voter in voters:
        try:
            voter.consent(epoch, seconds * (1 + MARGIN))
        except ClusterError as error:
            refusals.append(error)
        else:
            return before + seconds, voter
    if may_go_on_alone(primary, refusals):
        return before + seconds, None
    raise NoMajority(1, " ".join(map(str, refusals)) or "No other node answers.")


def may_go_on_alone(primary: Node, refusals: Sequence[ClusterError]) -> bool:
    """Whether a lease may be had without consent: both others are away, and the settings or an operator say so.

    One that answers and refuses has promised another epoch: then never. One that is only silent may be at
    work behind a cut, so CLUSTER_DURABILITY=local does not count it as away; an operator's force does.
    """
    away = [error for error in refusals if isinstance(error, NodeUnreachable)]
    if len(away) < len(primary.name.others) or len(away) < len(refusals):
        return False
    alone = primary.state().alone
    return alone is Alone.WHEN_SILENT or (alone is Alone.WHEN_GONE and all(error.gone for error in away))
