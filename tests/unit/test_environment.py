"""`.env.example` and the settings name the same variables, and values are read as promised."""

import ast
import re

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cluster.conf import ClusterConf
from mco2site import environment

EXAMPLE = settings.BASE_DIR / ".env.example"
READERS = {"text", "url", "node_database", "control_database", "bool", "int", "float", "list"}


def variables_read() -> set[str]:
    """Return the first argument of each call in the settings that reads a variable."""
    tree = ast.parse((settings.BASE_DIR / "mco2site" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [call for call in calls if _called(call) in READERS]
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def example_lines() -> list[str]:
    return EXAMPLE.read_text().splitlines()


def variables_explained() -> set[str]:
    return {line.partition("=")[0] for line in example_lines() if re.match(r"[A-Z_]+=", line)}


def test_each_variable_is_in_the_example_and_is_read():
    inside_urls = set(re.findall(r"\$\{(\w+)\}", EXAMPLE.read_text())) - {"NAME"}
    assert variables_explained() == variables_read() | inside_urls


def test_each_variable_or_group_has_a_comment():
    lines = example_lines()
    starts = [
        index
        for index, line in enumerate(lines)
        if re.match(r"[A-Z_]+=", line) and not re.match(r"[A-Z_]+=", lines[index - 1])
    ]
    bare = [lines[i] for i in starts if not lines[i - 1].startswith("#") and lines[i - 1]]
    assert bare == []


def test_the_example_holds_no_secret():
    secrets = [line for line in example_lines() if re.match(r"\w*(PASSWORD|SECRET_KEY)=", line)]
    assert secrets
    assert {line.partition("=")[2] for line in secrets} == {"generate"}


def test_a_secret_may_come_from_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "secret"))
    assert environment.text("SOME_SECRET") == "from a file"


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("OTHER_SECRET", raising=False)
    with pytest.raises(ImproperlyConfigured, match="OTHER_SECRET is not set: scripts/bootstrap"):
        environment.text("OTHER_SECRET")


def test_ports_in_urls_are_replaced(monkeypatch):
    monkeypatch.setenv("SOME_PORT", "4407")
    monkeypatch.setenv("SOME_URL", "mysql://user:pa%24s@127.0.0.1:${SOME_PORT}/some-db")
    database = environment.node_database("SOME_URL")
    assert (database["PORT"], database["NAME"], database["PASSWORD"]) == (4407, "some-db", "pa$s")
    assert database["OPTIONS"]["isolation_level"] == "read committed"


def test_a_node_must_be_mariadb(monkeypatch):
    monkeypatch.setenv("SOME_URL", "sqlite:///some.sqlite3")
    with pytest.raises(ImproperlyConfigured, match="SOME_URL must be mysql://"):
        environment.node_database("SOME_URL")


def test_the_control_database_may_be_any_database(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_URL", "postgres://user:password@db.example/control")
    assert environment.control_database("SOME_URL", tmp_path)["HOST"] == "db.example"
    monkeypatch.setenv("SOME_URL", "")
    assert environment.control_database("SOME_URL", tmp_path)["NAME"] == tmp_path / "control.sqlite3"


def test_the_containers_use_only_explained_variables():
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+)", compose)) <= variables_explained()


@pytest.mark.parametrize(
    "name", ["PROBE_INTERVAL", "PROBE_TIMEOUT", "FAILURE_THRESHOLD", "LEASE_SECONDS", "ACK_TIMEOUT"]
)
def test_example_and_containers_have_the_defaults_of_the_configuration(name):
    default = str(getattr(ClusterConf, name.lower()))
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text()
    assert f"CLUSTER_{name}={default}\n" in EXAMPLE.read_text()
    assert f"CLUSTER_{name}: ${{CLUSTER_{name}:-{default}}}\n" in compose
