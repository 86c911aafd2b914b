"""Row images: JSON text in the log, values of columns at a server.

The triggers write what a server can read back to the last bit: numbers as they print, FLOAT as the DOUBLE it
stands for, dates as text, bytes as {"hex": "..."}, JSON as a string. Here numbers stay text on the way, so
that no float of Python's comes between.
"""

import json
from typing import Any

Values = dict[str, Any]


def values(image: str) -> Values:
    """The column values of an image, ready to be bound to a statement."""
    return {column: value(item) for column, item in json.loads(image, parse_float=str, parse_int=str).items()}


def value(item: Any) -> Any:
    """One column's value: bytes for {"hex": ...}, the text of a number, None for null."""
    if isinstance(item, dict):
        return bytes.fromhex(item["hex"])
    return item
