"""A key as JSON, so that a comparison goes on where it was after a restart."""

from collections.abc import Sequence
from decimal import Decimal

from cluster.nodes.repair.comparing import Key


def written(key: Key | None) -> list[object] | None:
    """Return a key as JSON can hold it, each value with its type."""
    return None if key is None else [value_written(value) for value in key]


def read(kept: Sequence[object] | None) -> Key | None:
    """Return the key that `written` wrote down."""
    return None if kept is None else tuple(value_read(value) for value in kept)


def value_written(value: object) -> object:
    """Return one value. Numbers and text are JSON's; dates are text, which the server compares as dates."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value if isinstance(value, int | float | str) else str(value)


def value_read(kept: object) -> object:
    """Return the value."""
    if not isinstance(kept, dict):
        return kept
    return bytes.fromhex(kept["bytes"]) if "bytes" in kept else Decimal(kept["decimal"])
