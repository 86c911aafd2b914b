"""Django does on the cluster what it does on its MySQL backend: values, errors, and the statements it sends.

What differs stands in DIFFERENT with its reason, which docs/developers.md says too ("What differs from one MariaDB").
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.mysql.base import DatabaseWrapper
from django.db.transaction import atomic
from django.db.utils import Error
from django.test.utils import CaptureQueriesContext

from tests.harness.cases import Case, reading, rows, transactions, writing
from tests.harness.cluster import Cluster
from tests.harness.servers import ScratchServers
from tests.harness.shop.models import Article

CASES = transactions.CASES | writing.CASES | reading.CASES
SHAPE = "the application's account changes rows, no tables: other nodes would not follow"
DIFFERENT = {
    "TRUNCATE": SHAPE,
    "a table": SHAPE,
    "a temporary table": SHAPE,
    "raw unknown table": "1142 for 1146: the account may read its own tables, and learns of no others",
    "flush": "by DELETE, which is logged, for TRUNCATE",
}
"""The cases that end otherwise, and why."""
PLAIN = "plain"


@contextmanager
def connected_by(other: Any) -> Iterator[None]:
    """Let `default` be another connection."""
    own = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = own


@pytest.fixture(scope="module")
def plain(servers: ScratchServers, steady_cluster: Cluster) -> Iterator[DatabaseWrapper]:
    """Give a connection by Django's MySQL backend to a database of its own on Main's server, with the same tables."""
    admin = servers.connect("main", "root")
    admin.run(f"CREATE OR REPLACE DATABASE {PLAIN} CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci")
    user = servers.application.user
    admin.run(f"GRANT ALL ON {PLAIN}.* TO {user}")
    own = {"ENGINE": "django.db.backends.mysql", "NAME": PLAIN, "OPTIONS": {}}
    made = DatabaseWrapper(connections["main"].settings_dict | own, DEFAULT_DB_ALIAS)
    with connected_by(made), made.schema_editor() as editor:
        for model in rows.MODELS:
            editor.create_model(model)
    yield made
    made.close()
    admin.run(f"REVOKE ALL ON {PLAIN}.* FROM {user}")
    admin.run(f"DROP DATABASE {PLAIN}")
    admin.close()


def questions() -> int:
    """Return how many statements the server has got from this session."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


def outcome(name: str) -> tuple[str, list[str], int]:
    """Run a case; its value or its error, the first words of what Django sent, and how many statements a read took."""
    rows.clear()
    rows.fill()
    before = questions()
    with CaptureQueriesContext(connection) as sent:
        try:
            ended = repr(CASES[name]())
        except Exception as error:  # noqa: BLE001 - whatever it is, the other backend is to raise it too
            detail = error.args[0] if isinstance(error, Error) else error
            ended = f"{type(error)}: {detail}"
    taken = questions() - before if name in reading.CASES else 0
    return ended, [query["sql"].split()[0] for query in sent], taken


@pytest.mark.parametrize("name", CASES)
def test_it_ends_as_on_one_mariadb(plain, name):
    with connected_by(plain):
        expected = outcome(name)
    found = outcome(name)
    assert connections[DEFAULT_DB_ALIAS] is not plain
    assert (found != expected) == (name in DIFFERENT), f"{found}, not {expected}"


@atomic
def two_rows() -> None:
    """One transaction."""
    Article.objects.create(name="one")
    Article.objects.create(name="two")


WRITES = {
    "a statement": lambda: Article.objects.filter(name="lamp").update(stock=9),
    "a block": two_rows,
}


def sent_by(work: Case) -> int:
    """Return the statements that the server got of a write."""
    rows.clear()
    rows.fill()
    before = questions()
    work()
    return questions() - before


@pytest.mark.parametrize("name", WRITES)
def test_a_commit_takes_three_statements_more(plain, name):
    """The transaction's id is set and taken back, and the acknowledgement awaited."""
    with connected_by(plain):
        expected = sent_by(WRITES[name])
    assert sent_by(WRITES[name]) == expected + 3


def test_there_are_enough():
    assert len(CASES) >= 150
    assert len(CASES) == sum(len(module.CASES) for module in (transactions, writing, reading))
