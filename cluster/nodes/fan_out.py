"""Several nodes asked the same question at the same time."""

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from cluster.nodes.connection import Connection
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.names import NodeName

T = TypeVar("T")

PAUSE = 0.05
"""Seconds between two requests for what may be on its way."""


@dataclass
class FanOut:
    """Connections to the nodes that answer. One that stops answering is left out from then on.

    reference: the node without which there is nothing to ask; its failure is raised. settle: seconds that
    what is on its way to a node may take. lost: why each node that fell silent was left out. stalled: nodes
    that were waited for in vain, so nothing is on its way to them.
    """

    connections: dict[NodeName, Connection]
    reference: NodeName
    settle: float
    lost: dict[NodeName, str] = field(default_factory=dict)
    stalled: set[NodeName] = field(default_factory=set)

    @property
    def source(self) -> Connection:
        """The connection to the reference."""
        return self.connections[self.reference]

    @property
    def names(self) -> list[NodeName]:
        """The nodes that still answer."""
        return list(self.connections)

    @property
    def followers(self) -> list[NodeName]:
        """Those that are not the reference."""
        return [name for name in self.connections if name != self.reference]

    def ask(self, names: Collection[NodeName], question: Callable[[Connection], T]) -> dict[NodeName, T]:
        """Return the answers of those of `names` that give one.

        Raises NodeUnreachable when the reference gives none, NodeFailed when any answers with an error.
        """
        asked = [name for name in names if name in self.connections]
        with ThreadPoolExecutor(len(NodeName), "ask") as pool:
            found = list(pool.map(partial(self.ask_one, question=question), asked))
        return {name: answer for name, answer in zip(asked, found, strict=True) if answer is not None}

    def ask_one(self, name: NodeName, question: Callable[[Connection], T]) -> T | None:
        """Return the answer of one node, None when it gives none. Raises as `ask`."""
        try:
            return question(self.connections[name])
        except NodeUnreachable as error:
            if name == self.reference:
                raise
            del self.connections[name]
            self.lost[name] = error.reason
            return None

    def worth_waiting_for(self, pending: Mapping[NodeName, T], deadline: float) -> dict[NodeName, T]:
        """Return those of `pending` that may still get what they lack; sleeps a moment when there are any.

        deadline: on the monotonic clock; who lacks something after it is stalled.
        """
        if time.monotonic() > deadline:
            self.stalled.update(pending)
        waiting = {name: rest for name, rest in pending.items() if name not in self.stalled}
        if waiting:
            time.sleep(PAUSE)
        return waiting
