"""Rules about the project itself."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from cluster.protocol.names import NodeName

OWN_APPS = {"cluster", "titles", "mco2site"}
OWN_COMMANDS = sorted((name, app) for name, app in get_commands().items() if app in OWN_APPS)
TARGETS = {"up", "down", "status", "logs", "clean", "test", "check", "lint", "types", "bench"}


def make_targets() -> dict[str, list[str]]:
    """Return the lines of the recipe of each target."""
    recipes: dict[str, list[str]] = {}
    target = ""
    for line in (settings.BASE_DIR / "Makefile").read_text().splitlines():
        if found := re.match(r"([a-z]+):", line):
            target = found[1]
            recipes[target] = []
        elif line.startswith("\t") and target:
            recipes[target].append(line)
    return recipes


def test_make_has_the_promised_targets():
    assert set(make_targets()) >= TARGETS


def test_recipes_have_at_most_three_lines():
    assert {name: recipe for name, recipe in make_targets().items() if len(recipe) > 3} == {}


@pytest.mark.parametrize(("name", "app"), OWN_COMMANDS)
def test_each_command_has_help(name, app):
    command = load_command_class(app, name)
    assert command.help.strip().endswith(".")
    assert command.create_parser("manage.py", name).format_help()


def test_the_locks_name_no_registry():
    for lock in settings.BASE_DIR.glob("requirements*.lock"):
        assert "://" not in lock.read_text()


def test_the_development_lock_extends_the_lock():
    pins = [
        set(re.findall(r"^\S+==\S+", (settings.BASE_DIR / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0] < pins[1]


MOST_LINES = 400


def python_files(*folders: str) -> list[Path]:
    """Return the project's own modules in these folders, without the migrations that Django wrote."""
    found = (path for folder in folders for path in (settings.BASE_DIR / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def test_no_module_is_too_long_to_read():
    lengths = {
        str(path.relative_to(settings.BASE_DIR)): len(path.read_text().splitlines())
        for path in python_files("cluster", "titles", "mco2site", "tests", "bench")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_test_imports_from_another_test_module():
    """What several share stands in tests/harness, in the project of other apps, or in a conftest."""
    shared = "harness|settings|drill|fuzz|django_suites|apps"
    importing = re.compile(rf"^(?:from|import) (?:tests\.(?!{shared})|test_)", re.MULTILINE)
    assert [path.name for path in python_files("tests") if importing.search(path.read_text())] == []


RETIRED = {
    "outlook": "monitor state",
    "sight": "reachability",
    "lookout": "observer",
    "scout": "poller",
    "look_at": "probe",
    "tally": "counters",
    "clerk": "event writer",
    "happening": "event record",
    "stranded": "orphaned",
    "set aside": "orphaned",
    "verified floor": "commit watermark",
    "pass_gate": "release_waiters",
    "hopeless": "beyond repair",
    "come level": "catch up",
    "not level": "not in sync",
    "told_just_now": "is_repeated",
    "event_record": "event",
    "excused": "waived",
    "undelivered": "deadline error",
}
"""Words of a private dialect, and the field's instead. docs/glossary.md has them all."""
SPOKEN = (".py", ".sql", ".md", ".html", ".js", ".example", ".yml")


@pytest.mark.parametrize("word", sorted(RETIRED))
def test_retired_words_are_not_used(word):
    pattern = re.compile(rf"(?<![A-Za-z]){word.replace(' ', '[ _]')}(?![a-z])", re.IGNORECASE)
    own = Path(__file__).name
    found = [
        f"{path.relative_to(settings.BASE_DIR)}:{number}"
        for folder in ("cluster", "titles", "mco2site", "sql", "docs", "tests", "bench", "deploy")
        for path in sorted((settings.BASE_DIR / folder).rglob("*"))
        if path.suffix in SPOKEN and path.name != own and "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"the word is {RETIRED[word]!r}"


RETIRED_IN_PROSE = {
    r"look(?:s|ed|ing)?(?! (?:[\w']+ ){0,4}up\b)": "probe, read, search or see",
    r"told": "reported",
    r"(?<!isolation )level(?! read)(?!\")": "caught up, without lag",
    r"patien(?:t|ce)": "timeout",
}
"""Words of a talk, where a sentence of the project names what is done. An id is looked up, still."""
WRITTEN = (
    "*.md",
    "cluster/**/*.py",
    "titles/**/*.py",
    "mco2site/**/*.py",
    "sql/**/*.sql",
    "docs/**/*.md",
    ".env.example",
)
WRITTEN_ON_PAGES = (
    "cluster/templates/**/*.html",
    "titles/templates/**/*.html",
    "mco2site/templates/**/*.html",
)


@pytest.mark.parametrize("word", sorted(RETIRED_IN_PROSE))
def test_sentences_name_what_is_done(word):
    pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(settings.BASE_DIR)}:{number}"
        for folder in (*WRITTEN, *WRITTEN_ON_PAGES)
        for path in sorted(settings.BASE_DIR.glob(folder))
        if "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"better: {RETIRED_IN_PROSE[word]}"


RETIRED_NAMES = {
    "look": "probe, observe or read",
    "looked": "observed",
    "patience": "timeout",
    "tell": "report or announce",
    "told": "reported",
}
"""Words of names, and better ones: who looks, and at what? In prose they are as good as others."""


def names(tree: ast.AST) -> set[str]:
    """Return what a module names: functions, classes, parameters, variables, attributes."""
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    variables = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    attributes = {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
    }
    return defined | given | variables | attributes


def test_retired_words_name_nothing():
    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {name}"
        for path in python_files("cluster", "titles", "mco2site")
        for name in names(ast.parse(path.read_text()))
        if RETIRED_NAMES.keys() & set(name.lower().split("_"))
    }
    assert found == set()


RETIRED_ON_PAGES = (
    "asked for it",
    "as it went",
    "best titles",
    "bring it back",
    "do nothing",
    "hand the writes back",
    "in its way",
    "it would be refused",
    "look at it",
    "look further",
    "make a node anew",
    "missed first",
    "nobody has looked",
    "nobody took writes",
    "not level",
    "not now",
    "promote node a without",
    "titles fit",
    "verbs<",
    "was done",
    "what you can do",
)
"""Sentences that a native operator would smile at; docs/design.md says how pages speak."""


@pytest.mark.parametrize("words", RETIRED_ON_PAGES)
def test_pages_speak_as_the_field_speaks(words):
    found = [
        str(path.relative_to(settings.BASE_DIR))
        for app in OWN_APPS
        for pattern in ("templates/**/*.html", "views/*.py")
        for path in sorted((settings.BASE_DIR / app).glob(pattern))
        if words in path.read_text().lower()
    ]
    assert found == []


def test_every_head_of_a_table_has_a_scope():
    pages = [path for app in OWN_APPS for path in (settings.BASE_DIR / app).glob("templates/**/*.html")]
    assert [path.name for path in pages if re.search(r"<th>|<th class", path.read_text())] == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("dump_node", ["main", "file.sql"]),
        ("rebuild_node", ["main"]),
        ("recover_node", ["main"]),
        ("quarantine", ["list", "main"]),
        ("switchover", ["--to", "main"]),
        ("sqlconsole", ["--node", "main"]),
    ],
)
def test_a_node_is_parsed_by_the_command_line(name, arguments):
    """No command makes a node of a word itself."""
    command = load_command_class("cluster", name)
    command._called_from_command_line = True  # as manage.py does: wrong usage ends the process
    parser = command.create_parser("manage.py", name)
    parsed = vars(parser.parse_args(arguments))
    assert parsed.get("node", parsed.get("to")) is NodeName.MAIN
    wrong = [word.replace("main", "elsewhere") for word in arguments]
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(wrong)
    assert ended.value.code == 2


PLACES = ("", "cluster", "cluster/actions", "sql/cluster", "sql/cluster/procedures", "titles")
"""What a path in the documents for developers may begin below."""
TREE = re.compile(r"^( *)(\S+/(?: \S+/)*)(?:  |$)", re.MULTILINE)


def exists(path: str) -> bool:
    """Return whether a path that a document names is there; braces stand for several."""
    found = re.fullmatch(r"(.*)\{(.+)\}(.*)", path)
    if found:
        return all(exists(f"{found[1]}{part}{found[3]}") for part in found[2].split(","))
    return any((settings.BASE_DIR / place / path.replace("<app>", "titles")).exists() for place in PLACES)


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_documents_for_developers_name_what_is_there(document):
    text = (settings.BASE_DIR / document).read_text()
    spans = re.findall(r"`([^`\n]+)`", text)
    named = {span for span in spans if re.fullmatch(r"[\w./{},<>-]+(?:/|\.(?:py|sql|md|toml))", span)}
    named |= {span for span in re.findall(r"\]\(([\w./-]+)\)", text) if "://" not in span}
    beside = (settings.BASE_DIR / document).parent
    assert {name for name in named if not (exists(name) or (beside / name).exists())} == set()


def test_the_layout_in_the_documents_is_that_of_the_tree():
    text = (settings.BASE_DIR / "docs/architecture.md").read_text()
    layout = text.split("## Layout")[1].split("```")[1]
    top, missing = "", []
    for indent, names in TREE.findall(layout):
        if not indent:
            top = names.split()[0]
        for name in names.split():
            base = settings.BASE_DIR / ("" if not indent else top)
            if not list(base.glob(f"**/{name.replace('<app>', 'titles')}")):
                missing.append(name)
    assert missing == []
