"""The bounds of a title are written once: the procedures get theirs from Python."""

import re

from django.apps import apps

from cluster.nodes.schema import catalogue

FOLDER = catalogue.sql_root() / "titles"
CONSTANTS = apps.get_app_config("titles").sql_constants


def test_the_files_name_every_bound_and_repeat_none():
    source = "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.sql")))
    source = source.replace("v_tenths * 1000,", "")  # a scale
    assert set(CONSTANTS) <= set(re.findall(r"\$\{(\w+)\}", source))
    large = {str(value) for value in CONSTANTS.values() if isinstance(value, int) and value > 1}
    assert large.isdisjoint(re.findall(r"\b\d+\b", source))


def test_the_installed_procedures_have_the_values():
    installed = {item.name: item.statement for item in catalogue.public_routines()}
    assert not [name for name, statement in installed.items() if "${" in statement]
    assert rf"REGEXP '^{CONSTANTS['tconst']}\\z'" in installed["require_tconst"]
    assert (
        f"'startYear', p_startYear, {CONSTANTS['min_year']}, {CONSTANTS['max_year']})"
        in installed["read_title"]
    )
