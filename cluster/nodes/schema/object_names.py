"""The names of what set-up makes for a table: triggers, procedures, federated and temporary tables."""

import hashlib

LONGEST_NAME = 64
"""Characters that the server allows in a name."""


def object_name(table: str, *, prefix: str = "", suffix: str = "") -> str:
    """Return the table's name between prefix and suffix; where that is too long, a checksum takes the place of its end.

    Names that fit are never shortened: those of existing installations stay.
    """
    name = f"{prefix}{table}{suffix}"
    if len(name) <= LONGEST_NAME:
        return name
    mark = f"_{checksum(table)}{suffix}"
    return f"{prefix}{table}"[: LONGEST_NAME - len(mark)] + mark


def checksum(text: str) -> str:
    """Return eight characters that tell texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
