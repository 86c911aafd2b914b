"""No text in the kernel's SQL is left to the collation of a session or of a database."""

import re

import pytest

from cluster.nodes.schema import catalogue, install
from cluster.nodes.schema.catalogue import exact
from cluster.nodes.schema.fragments import entry_types, kernel_fragments
from cluster.protocol.entries import Entry
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models

TYPE = re.compile(r"\b(?:(?:VAR)?CHAR\(\d+\)|(?:TINY|MEDIUM|LONG)?TEXT)(?![\w`])(?! CHARACTER SET| CHARSET)")


PARTS = catalogue.sql_root() / "cluster" / "parts"


def code(statement: str) -> str:
    """Return the statement without its comments."""
    return re.sub(r"--[^\n]*", "", statement).replace("MESSAGE_TEXT", "")


def test_the_text_of_every_routine_names_its_collation():
    public = {item.name for item in catalogue.public_routines()}
    items = [*install.kernel(), *install.replicated(NodeName.NODE_A, replicated_models(), "secret")]
    routines = [
        item
        for item in items
        if item.kind in ("PROCEDURE", "FUNCTION", "TRIGGER") and item.name not in public
    ]
    assert len(routines) > 100
    assert [item.name for item in routines if TYPE.search(code(item.statement))] == []


@pytest.mark.parametrize(("given", "made"), [
    ("DECLARE a, b VARCHAR(9);", "DECLARE a, b VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;"),
    ("OUT p TEXT)", "OUT p TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"),
    ("RETURNS TEXT CHARSET utf8mb4\n", "RETURNS TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n"),
    ("p CHAR(9) CHARACTER SET ascii,", None),
    ("p VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin,", None),
    ("CAST(a AS CHAR)", None),
])  # fmt: skip
def test_exact(given, made):
    assert exact(given) == (made or given)


def test_the_tables_of_entries_have_the_fields_of_an_entry():
    types = entry_types(kernel_fragments(PARTS)["entry_columns"])
    assert [name.strip("`") for name in types] == list(Entry._fields)


def test_every_blank_is_filled_in():
    items = [*install.kernel(), *install.replicated(NodeName.NODE_A, replicated_models(), "secret")]
    assert [item.name for item in items if "${" in item.statement] == []
