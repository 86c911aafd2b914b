"""Verbs beside what they act on: those that are possible now first, the others with the reason why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from cluster.actions.operations.verbs import VERBS, Verb
from cluster.protocol.names import NodeName
from cluster.views.permissions import may
from cluster.views.preflight import blocked
from cluster.views.seen import Seen

OF_NODE: Final = {
    NodeName.MAIN: ("switchover", "demote", "recover", "rebuild"),
    NodeName.NODE_A: ("promote", "switchover", "recover", "rebuild", "force"),
    NodeName.NODE_B: ("recover", "rebuild"),
}
OF_CLUSTER: Final = ("verify", "repair", "pause", "resume")
PAIRS: Final = {"pause": ("resume",), "resume": ("pause",)}
"""Each takes the other back: which of them is possible says why the other is not."""


@dataclass(frozen=True)
class Offer:
    """A verb for a node or the cluster. reason: why it is unavailable, empty when it is not."""

    verb: Verb
    node: NodeName | None
    reason: str

    @property
    def address(self) -> str:
        """Its dialog."""
        return address_of(self.verb, self.node)


def address_of(verb: Verb, node: NodeName | None) -> str:
    """Return the dialog of a verb, for a node where it wants one."""
    if node is not None and verb.nodes:
        return reverse("admin:verb_node", args=[verb.name, node])
    return reverse("admin:verb", args=[verb.name])


def of_node(request: HttpRequest, seen: Seen, node: NodeName) -> list[Offer]:
    """Return what the user may do with a node."""
    return offered(request, seen, OF_NODE[node], node)


def of_cluster(request: HttpRequest, seen: Seen) -> list[Offer]:
    """Return what the user may do with the cluster; of a pair of which one is possible, that one."""
    found = offered(request, seen, OF_CLUSTER, None)
    possible = {one.verb.name for one in found if not one.reason}
    return [one for one in found if not (one.reason and possible & set(PAIRS.get(one.verb.name, ())))]


def offered(request: HttpRequest, seen: Seen, names: Iterable[str], node: NodeName | None) -> list[Offer]:
    """Return those that the user may use, the possible ones first."""
    verbs = [VERBS[name] for name in names if may(request, VERBS[name].permission)]
    return sorted(
        (Offer(verb, node, blocked(verb, seen, node)) for verb in verbs), key=lambda one: bool(one.reason)
    )
