"""What a link between a place and a server does with connections and bytes."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """A direction, seen from the place."""

    THERE = "there"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a link does. listening: False refuses at once. there, back: which direction passes.

    keeps: a refusal leaves the connections that are open, as a server that only closed its listener does. delay:
    seconds that each direction takes longer. A link that does not pass both ways answers no new connection: as
    where packets are lost, a client's kernel knocks again after one second, two more, four ...
    """

    listening: bool = True
    there: bool = True
    back: bool = True
    keeps: bool = False
    delay: float = 0.0

    def passes(self, way: Way) -> bool:
        """Whether bytes of this direction arrive."""
        return self.there if way is Way.THERE else self.back

    @property
    def connects(self) -> bool:
        """Whether a new connection is answered, or refused: a handshake needs both directions."""
        return self.there and self.back


OPEN = Condition()
REFUSED = Condition(listening=False)
DEAF = Condition(listening=False, keeps=True)
BLACK_HOLE = Condition(there=False, back=False)
ONLY_THERE = Condition(back=False)
ONLY_BACK = Condition(there=False)


def delayed(seconds: float) -> Condition:
    """Return a slow link; both directions are late by `seconds`."""
    return Condition(delay=seconds)
