"""How the SQL of a node is written: what a reader may expect of each file."""

import re
from pathlib import Path

import pytest

from cluster.nodes.schema import catalogue
from cluster.protocol import errors

WIDEST, LONGEST = 150, 100
LONGEST_HEADER = 6
MAKES = re.compile(
    r"^CREATE (?:OR REPLACE )?(?:TABLE|SEQUENCE|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT)"
    r"(?: IF NOT EXISTS)? `?([\w${}]+)`?",
    re.MULTILINE,
)
NAMED_OTHERWISE = {"accounts", "apply", "triggers"}
"""Folders of templates: what they make is named after a table."""
NUMBERS = {errors.NOT_WRITABLE, errors.STALE_EPOCH, errors.NOT_ACKNOWLEDGED, errors.INVALID}
ROOT = catalogue.sql_root()
FILES = [str(path.relative_to(ROOT)) for path in sorted(ROOT.rglob("*.sql"))]


def header(text: str) -> list[str]:
    """Return the comment that begins a file."""
    lines = text.splitlines()
    return lines[: next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))]


@pytest.mark.parametrize("name", FILES)
def test_lines_fit_on_a_screen(name):
    lines = enumerate((ROOT / name).read_text().splitlines(), 1)
    assert [number for number, line in lines if len(line) > WIDEST] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_one_step_that_can_be_read_at_once(name):
    assert len((ROOT / name).read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("name", [name for name in FILES if "parts" not in Path(name).parts])
def test_a_short_header_says_what_it_is(name):
    assert 1 <= len(header((ROOT / name).read_text())) <= LONGEST_HEADER


@pytest.mark.parametrize("name", [name for name in FILES if not NAMED_OTHERWISE & set(Path(name).parts)])
def test_a_file_makes_what_its_name_says(name):
    made = MAKES.findall((ROOT / name).read_text())
    assert made == [] if "parts" in Path(name).parts else Path(name).stem in made


@pytest.mark.parametrize("name", FILES)
def test_numbers_of_errors_have_one_source(name):
    text = (ROOT / name).read_text()
    assert {int(number) for number in re.findall(r"\b4500[1-8]\b", text)} <= NUMBERS
    assert re.findall(r"(?:MYSQL_ERRNO =|HANDLER FOR) (4500\d)", text) == []
