"""What the documents show, done as they show it."""

import json
import os
import re
import subprocess
import sys

from cluster.protocol.names import NodeName
from tests.harness.forking import ROOT
from tests.harness.shop import models
from tests.harness.shop.models import Article, Order
from tests.harness.site import serving
from titles.models import Title


def blocks(document: str, language: str) -> list[str]:
    """Return the examples of a document."""
    text = (ROOT / "docs" / document).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_developers_example_sells_once_through_a_failover(cluster, operator, monkeypatch):
    monkeypatch.setitem(sys.modules, "shop", models)
    monkeypatch.setitem(sys.modules, "shop.models", models)
    names: dict[str, object] = {}
    (example,) = [block for block in blocks("developers.md", "python") if "def sell" in block]
    exec(example, names)  # noqa: S102 - a document of ours
    sell = names["sell"]
    Article.objects.create(name="lamp", stock=5)
    assert not sell("lamp", "Ada", "key-1").repeated
    cluster.settle()
    cluster.kill("main")
    operator.promote_node_a()
    assert sell("lamp", "Ada", "key-1").repeated
    assert not sell("lamp", "Ada", "key-2").repeated
    assert (Article.objects.get().stock, Order.objects.count()) == (3, 2)


def test_the_developers_statements_are_acknowledged(cluster):
    Article.objects.create(name="lamp", stock=5)
    (example,) = [block for block in blocks("developers.md", "sql") if "START TRANSACTION" in block]
    app = cluster.connect("main")
    for statement in filter(None, map(str.strip, example.split(";"))):
        app.rows(statement)
    cluster.settle()
    assert Article.objects.using(NodeName.NODE_B).get().stock == 4


def test_the_apis_commands_write_and_find_a_title(cluster):
    shell = [block for block in blocks("api.md", "sh") if "curl" in block]
    with serving(cluster) as site:
        token = run(f"{sys.executable} manage.py api_token admin", site.environment).strip()
        known = os.environ | {"SITE": site.url, "TOKEN": token}
        answers = [
            json.loads(line)
            for block in shell
            for line in run(block.replace("\ncurl", "\necho; curl"), known).splitlines()
            if line
        ]
    made, reviewed, found = answers
    assert (made["tconst"], made["numVotes"]) == ("tt0068646", None)
    assert (reviewed["numVotes"], reviewed["averageRating"]) == (3, 9.0)
    assert [title["primaryTitle"] for title in found["titles"]] == ["The Godfather"]
    assert Title.objects.count() == 1


def run(commands: str, environment: dict[str, str]) -> str:
    """Return what a shell prints. Raises CalledProcessError."""
    done = subprocess.run(
        ["bash", "-ec", commands],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout
