"""The nodes as cards: who has which role, how far it is, who would take over, and what can be done with it now."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from cluster.actions.operations.verbs import Verb
from cluster.conf import conf
from cluster.protocol.names import NodeName
from cluster.views import actions
from cluster.views.seen import Seen, SeenNode

RING: Final = 50.0
"""The length of the ring that shows a lease."""
SHORTCUTS: Final = ("switchover", "promote", "demote", "recover")
"""Verbs that a card offers while they are possible; the node's page has all of them."""


@dataclass(frozen=True)
class Card:
    """A node. kind: writes, follows, recovers or away, which word and colour say. verbs: with their addresses."""

    node: SeenNode
    kind: str
    word: str
    takes_over: bool
    connected: bool
    verbs: tuple[tuple[Verb, str], ...]

    @property
    def lease_share(self) -> float:
        """How much of the ring is left."""
        return round(RING * min(max(self.node.lease_seconds or 0.0, 0.0) / conf().lease_seconds, 1.0), 1)

    @property
    def probe(self) -> str:
        """How long it took to answer."""
        seconds = self.node.probe_seconds
        return "no data" if seconds is None else f"{1000 * seconds:.0f} ms"


def cards(request: HttpRequest, seen: Seen) -> list[Card]:
    """Return the cards of all nodes."""
    return [card(request, seen, node) for node in seen]


def card(request: HttpRequest, seen: Seen, node: SeenNode) -> Card:
    """Return the card of one node."""
    kind, word = kind_of(node)
    offers = actions.of_node(request, seen, node.name) if not seen.stale else []
    takes_over = not seen.stale and seen.facts.get("successor") == node.name.value
    connected = bool(node.reachable and seen.primary is not None and node.led == seen.epoch)
    verbs = tuple((one.verb, one.address) for one in shortcuts(offers, connected=connected))
    return Card(node, kind, word, takes_over, connected, verbs)


def shortcuts(offers: list[actions.Offer], *, connected: bool) -> list[actions.Offer]:
    """Return the actions of a card: what brings a node back where it is not connected, else who gets the writes."""
    possible = {one.verb.name: one for one in offers if not one.reason}
    if "demote" in possible:
        possible.pop("switchover", None)
    wanted = SHORTCUTS[:-1] if connected else ("promote", "recover")
    return [possible[name] for name in wanted if name in possible]


def kind_of(node: SeenNode) -> tuple[str, str]:
    """Return how a node is, for its colour and in a word."""
    if not node.reachable:
        return "away", "Unreachable"
    if node.writable:
        return "writes", "Primary"
    if node.mode == "RECOVERING" or node.mode in ("PRIMARY", "ACTING_MASTER"):
        return "recovers", "Recovering" if node.mode == "RECOVERING" else "Former primary"
    return "follows", "Vice-master" if node.name is NodeName.NODE_A else "Replica"
