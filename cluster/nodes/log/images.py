"""Row images: JSON text in the log, values of columns at a server.

The triggers write what a server can read back to the last bit: numbers as they print, FLOAT as the DOUBLE it
stands for, dates as text, bytes as {"hex": "..."}, JSON as a string. Here numbers stay text on the way, so
that no float of Python's comes between.
"""

import json

Values = dict[str, object]

DECODER = json.JSONDecoder(parse_float=str, parse_int=str)


def values(image: str) -> Values:
    """Return the column values of an image, ready to be bound to a statement: text, bytes, or None."""
    row: Values = DECODER.decode(image)
    for column, item in row.items():
        if type(item) is dict:
            row[column] = bytes.fromhex(item["hex"])
    return row
