"""Which verbs would be refused now, in the words of the actions themselves: the pages show it before a click."""

from collections.abc import Callable, Mapping
from typing import Final

from cluster.actions.failover import failover, force, recover, switchover
from cluster.actions.maintenance import rebuild
from cluster.actions.verification import repair, verify
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.sentences import ALREADY_ACTING, ALREADY_VICE
from cluster.protocol.view import ClusterView

MAIN, NODE_A, NODE_B = NodeName
Check = Callable[[ClusterView, NodeName], object]


def check_promotion(view: ClusterView, name: NodeName) -> None:
    """Refuse to promote Node A where it acts already, or as `failover.check` does."""
    if failover.leads(view, name):
        raise Refused(ALREADY_ACTING)
    failover.check(view, name)


def check_demotion(view: ClusterView, name: NodeName) -> None:
    """Refuse to fail back to Main where it has the writes, or as `switchover.check` does."""
    if failover.leads(view, name):
        raise Refused(ALREADY_VICE)
    switchover.check(view, name)


def check_comparison(view: ClusterView, _name: NodeName) -> None:
    """Refuse as `verify.check` does."""
    verify.check(view)


def check_repair(view: ClusterView, _name: NodeName) -> None:
    """Refuse as a comparison, and then `repair.check`, does."""
    verify.check(view)
    repair.check(view)


CHECKS: Final[Mapping[str, tuple[Check, tuple[NodeName, ...]]]] = {
    "promote": (check_promotion, (NODE_A,)),
    "force": (force.check, (NODE_A,)),
    "recover": (recover.check, (MAIN, NODE_A, NODE_B)),
    "demote": (check_demotion, (MAIN,)),
    "switchover": (switchover.check_transfer, (MAIN, NODE_A)),
    "rebuild": (rebuild.check, (MAIN, NODE_A, NODE_B)),
    "verify": (check_comparison, (MAIN,)),
    "repair": (check_repair, (MAIN,)),
}
"""What each verb of the pages checks before it begins, and its nodes; one stands for the whole cluster."""


def refusals(view: ClusterView) -> dict[str, dict[str, str]]:
    """Return the reasons by verb and node; what would be tried is not in it."""
    return {
        verb: {name.value: reason for name in names if (reason := refusal(check, view, name))}
        for verb, (check, names) in CHECKS.items()
    }


def refusal(check: Check, view: ClusterView, name: NodeName) -> str:
    """Return why a verb would be refused; empty when it would be tried."""
    try:
        check(view, name)
    except Refused as error:
        return str(error)
    return ""
