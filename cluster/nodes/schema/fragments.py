"""What stands in many SQL files and has one source: the catalogue puts it in place of `${name}`."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from textwrap import indent

from cluster.nodes.entry_columns import COLUMNS, NAMES
from cluster.nodes.node_state import STATEMENT
from cluster.nodes.schema.collations import LINGUISTIC
from cluster.protocol import errors, exactly_once, sentences
from cluster.protocol.lease import consent_seconds
from cluster.protocol.parts import CALL_BYTES, CALL_ENTRIES
from cluster.protocol.staleness import TOLERATED_ROUNDS
from cluster.protocol.view import COUNTED_ENTRIES, NEARLY_CAUGHT_UP

BLOCK = re.compile(r"^( *)\$\{(\w+)\}\n", re.MULTILINE)
BLANK = re.compile(r"\$\{(\w+)\}")
"""Only with braces: a path of JSON ('$.node') and the end of a regular expression stay as they are."""
TYPE = re.compile(r"^\s*(`?\w+`?) ((?:BIGINT|INT) UNSIGNED|\w+(?:\(\d+\))?)", re.MULTILINE)
LINE = ",\n        "


def fill(text: str, fragments: Mapping[str, str]) -> str:
    """Return the text with every blank filled in. Raises KeyError for one that nobody knows.

    A blank that has a line to itself takes several lines, indented as it is, or none at all.
    """
    blocks = BLOCK.sub(lambda found: indented(fragments[found[2]], found[1]), text)
    return BLANK.sub(lambda found: fragments[found[1]], blocks)


def indented(lines: str, by: str) -> str:
    """Return the lines of a block, each indented and ended; nothing for an empty one."""
    return indent(f"{lines.rstrip()}\n", by) if lines.strip() else ""


@cache
def kernel_fragments(parts: Path) -> Mapping[str, str]:
    """Return what the protocol's own files leave open; `parts` is the folder sql/cluster/parts."""
    columns = (parts / "entry_columns.sql").read_text().rstrip()
    return {"entry_columns": columns, **entry_lists(entry_types(columns)), **constants()}


def constants() -> dict[str, str]:
    """Return what SQL and Python agree on: numbers of errors, margins, names, sentences, a node's state."""
    texts = {name.lower(): spoken(text) for name, text in vars(sentences).items() if name.isupper()}
    return texts | {
        "not_writable": str(errors.NOT_WRITABLE),
        "stale_epoch": str(errors.STALE_EPOCH),
        "not_acknowledged": str(errors.NOT_ACKNOWLEDGED),
        "invalid": str(errors.INVALID),
        "consent_factor": f"{consent_seconds(1):g}",
        "tolerated_rounds": str(TOLERATED_ROUNDS),
        "nearly_caught_up": str(NEARLY_CAUGHT_UP),
        "counted_entries": str(COUNTED_ENTRIES),
        "call_bytes": str(CALL_BYTES),
        "call_entries": str(CALL_ENTRIES),
        "id_pattern": exactly_once.ID_PATTERN,
        "write_lock": exactly_once.WRITE_LOCK,
        "linguistic": LINGUISTIC,
        "node_state": STATEMENT,
    }


def spoken(sentence: str) -> str:
    """Return a sentence for between quotes; one with blanks as the arguments of CONCAT, v_<blank> for each."""
    texts = re.split(r"\{(\w+)\}", sentence)
    if len(texts) == 1:
        return sentence
    parts = [f"v_{text}" if number % 2 else f"'{text}'" for number, text in enumerate(texts)]
    return ", ".join(part for part in parts if part != "''")


def entry_types(columns: str) -> dict[str, str]:
    """Return the type of each column of an entry as it travels in JSON, by name: there a time is text."""
    types = {"log_id": "BIGINT UNSIGNED", **dict(TYPE.findall(columns))}
    return types | {"`timestamp`": "VARCHAR(32)"}


def entry_lists(types: Mapping[str, str]) -> dict[str, str]:
    """Return an entry's columns in the ways in which procedures name them."""
    bare = {name: name.strip("`") for name in NAMES}
    return {
        "entry": COLUMNS,
        "whole_staged_entry": ", ".join(map(whole_staged, NAMES)),
        "new_entry": ", ".join(NAMES[1:]),  # the server numbers it
        "entry_paths": listed(f"{name} {types[name]} PATH '$.{bare[name]}'" for name in NAMES),
        "entry_parameters": listed(f"p_{bare[name]} {types[name]}" for name in NAMES),
        "entry_pairs": listed(f"'{bare[name]}', p_{bare[name]}" for name in NAMES),
    }


def whole_staged(name: str) -> str:
    """Return a column of an entry of `staged_entry`, its images put together where they came in pieces."""
    if name not in ("old_value", "new_value"):
        return name
    is_new = str(name == "new_value").upper()
    return f"IF(old_value IS NULL AND new_value IS NULL, staged_image(log_id, epoch, {is_new}), {name})"


def listed(items: Iterable[str]) -> str:
    """Return the items one a line."""
    return LINE.join(items)
