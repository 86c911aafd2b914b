"""The permit to take writes: consent of a second node, then a lease on the primary's own clock."""

import logging
from collections.abc import Iterable, Sequence

from cluster.actions.steps.observe import Nodes, observe
from cluster.protocol.errors import ClusterError, NodeUnreachable, NoMajority
from cluster.protocol.lease import consent_seconds
from cluster.protocol.names import Mode, NodeName, Solo
from cluster.protocol.node import Node
from cluster.protocol.staleness import set_back
from cluster.protocol.view import ClusterView

log = logging.getLogger(__name__)


def grant(primary: Node, voters: Iterable[Node], epoch: int, mode: Mode, seconds: float) -> None:
    """Give a newly promoted primary its first lease and its writing mode.

    Raises NoMajority when nobody consents, StaleEpoch when the primary was claimed meanwhile.
    """
    primary.open_writes(epoch, mode, agreed_since(primary, voters, epoch, seconds), seconds)


def renew(primary: Node, voters: Iterable[Node], epoch: int, seconds: float) -> None:
    """Extend the lease of the primary of `epoch`. Anyone may, any number at once. Raises as `grant`."""
    primary.renew_lease(epoch, agreed_since(primary, voters, epoch, seconds), seconds)


def observe_revived(nodes: Nodes, seconds: float) -> ClusterView:
    """See the cluster; where only the lease of its primary has run out, renew it and probe again.

    If the renewal fails the view stays without a primary, and says so.
    """
    view = observe(nodes)
    return observe(nodes) if revive(nodes, view, seconds) else view


def revive(nodes: Nodes, view: ClusterView, seconds: float) -> bool:
    """Renew the lease of a primary that lacks nothing else; whether that was done.

    A lease runs out while no second node answers, or while no replicator runs. Nobody was promoted since, so
    whoever finds it may renew it.
    """
    lapsed = view.lapsed
    if lapsed is None:
        return False
    others = voters(nodes, view, lapsed.name)
    # Who has just answered is asked first: a silent one would take as long as the lease lasts.
    asked = sorted(others, key=lambda node: view.state(node.name) is None)
    try:
        renew(nodes[lapsed.name], asked, lapsed.promised, seconds)
    except ClusterError as error:
        log.info("The lease of %s could not be renewed: %s", lapsed.name.label, error)
        return False
    return True


def voters(nodes: Nodes, view: ClusterView, primary: NodeName) -> list[Node]:
    """Return who may consent to a lease of `primary` that has run out: not who may have forgotten a later promise."""
    older = set_back(view.reachable)
    return [node for node in nodes.values() if node.name is not primary and node.name not in older]


def agreed_since(primary: Node, voters: Iterable[Node], epoch: int, seconds: float) -> float:
    """Return the begin of a lease of so many seconds that a majority consents to, on the primary's clock.

    The clock is read before the question: however long the answer takes, the lease ends before the consent
    does. Invariant (b). Source: Gray and Cheriton, "Leases", 1989. A primary that commits nothing raises
    before anybody consents: its permit runs out, and another node can take over.
    """
    before = primary.beat()
    refusals: list[ClusterError] = []
    for voter in voters:
        try:
            voter.consent(epoch, consent_seconds(seconds))
        except ClusterError as error:
            refusals.append(error)
        else:
            return before
    if may_renew_solo(primary, refusals):
        return before
    raise NoMajority(1, " ".join(map(str, refusals)) or "No other node answers.")


def may_renew_solo(primary: Node, refusals: Sequence[ClusterError]) -> bool:
    """Return whether a lease may be had without consent: both others are away, and the settings or an operator say so.

    One that answers and refuses has promised another epoch: then never. One that is only silent may be at
    work behind a cut, so CLUSTER_DURABILITY=local does not count it as away; an operator's force does.
    """
    away = [error for error in refusals if isinstance(error, NodeUnreachable)]
    if len(away) < len(primary.name.others) or len(away) < len(refusals):
        return False
    solo = primary.state().solo
    return solo is Solo.WHEN_SILENT or (solo is Solo.WHEN_GONE and all(error.gone for error in away))
