"""The picture of the three nodes, drawn on the server: boxes and arrows in units of the drawing."""

from dataclasses import dataclass
from typing import Final

from cluster.protocol.names import NodeName
from cluster.views.seen import Seen, SeenNode

PLACES: Final = {NodeName.MAIN: (150, 70), NodeName.NODE_A: (570, 70), NodeName.NODE_B: (360, 230)}
"""Middle of each node's box in the picture of the nodes."""
BOX: Final = (250, 84)


@dataclass(frozen=True)
class Box:
    """A node in the picture."""

    node: SeenNode
    x: int
    y: int
    width: int = BOX[0]
    height: int = BOX[1]

    @property
    def middle(self) -> int:
        """Where its words stand."""
        return self.x + self.width // 2


@dataclass(frozen=True)
class Arrow:
    """Entries on their way: from the primary to a follower; broken where they do not arrive."""

    x1: float
    y1: float
    x2: float
    y2: float
    words: str
    broken: bool

    @property
    def middle(self) -> tuple[float, float]:
        """Where its words stand."""
        return ((self.x1 + self.x2) / 2 + (30 if self.y1 != self.y2 else 0), (self.y1 + self.y2) / 2 - 8)


def boxes(seen: Seen) -> list[Box]:
    """The nodes."""
    return [
        Box(node, PLACES[node.name][0] - BOX[0] // 2, PLACES[node.name][1] - BOX[1] // 2) for node in seen
    ]


def arrows(seen: Seen) -> list[Arrow]:
    """From the primary, or from who was it, to the others."""
    source = seen.facts.get("primary") or seen.facts.get("last_primary")
    if source is None:
        return []
    origin = seen.node(NodeName(source))
    return [arrow(origin, node, seen.epoch) for node in seen if node.name is not origin.name]


def arrow(origin: SeenNode, node: SeenNode, epoch: int) -> Arrow:
    """Between the edges of two boxes."""
    (x1, y1), (x2, y2) = PLACES[origin.name], PLACES[node.name]
    broken = not (origin.writable and node.reachable and node.led == epoch)
    return Arrow(*towards(x1, y1, x2, y2), *towards(x2, y2, x1, y1), "broken" if broken else node.lag, broken)


def towards(x1: int, y1: int, x2: int, y2: int) -> tuple[float, float]:
    """The edge of the box around (x1, y1) on the way to (x2, y2)."""
    across, down = x2 - x1, y2 - y1
    share = min(
        (BOX[0] / 2 + 6) / abs(across) if across else 1.0, (BOX[1] / 2 + 6) / abs(down) if down else 1.0
    )
    return (x1 + across * share, y1 + down * share)
