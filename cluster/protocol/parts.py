"""How a transaction travels that does not fit into a window: its entries in parts, a very large entry in pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cluster.protocol.entries import Entry

CALL_BYTES, CALL_ENTRIES = 16 << 20, 10_000
"""What one call from node to node takes at most, as the SQL console makes them: it stands in memory as one text, and
an entry takes 13 KB while that is made. Larger transactions are left to the replicator, or fetched in parts."""


class Position(NamedTuple):
    """How far a large transaction was read: its entries up to `log_id`, and `offset` bytes of the next one's images."""

    log_id: int = 0
    offset: int = 0


class Piece(NamedTuple):
    """Bytes of an image of an entry that is too large to be held whole; the columns of `staged_piece` in its order.

    is_new: of `new_value`, else of `old_value`. start: how many bytes of that image come before.
    """

    log_id: int
    epoch: int
    transaction_id: str
    is_new: bool
    start: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """The next of a large transaction: a window's worth of whole entries, or one piece of an entry.

    The entry itself comes with its last piece, without images. rest: bytes of its images that follow.
    """

    entries: Sequence[Entry]
    end: Position
    piece: Piece | None = None
    rest: int = 0
