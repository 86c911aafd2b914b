"""The tests of an app whose tables are on the cluster: against one server, without acknowledgements."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.foreign import foreign_settings
from tests.harness.forking import ROOT
from tests.harness.sql import dump

SHOP, CLINIC = "tests.harness.shop.tests", "tests.harness.clinic.tests"
FOREIGN_TESTS = """
import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction

from tests.harness.shop.models import Article


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_in_a_transaction(turn):
    Article.objects.create(name="lamp")
    assert Article.objects.count() == 1
    assert Permission.objects.filter(codename="add_article").exists()


@pytest.mark.django_db(transaction=True)
def test_with_commits(django_capture_on_commit_callbacks):
    ran = []
    with transaction.atomic():
        Article.objects.create(name="lamp")
        transaction.on_commit(lambda: ran.append(1))
    assert ran == [1]
    assert connection.settings_dict["NAME"].startswith("test_")


@pytest.mark.django_db
def test_nothing_is_left_of_the_others():
    assert not Article.objects.exists()
"""


def databases_of_tests(cluster) -> list[str]:
    """Return the databases of tests that are there."""
    rows = cluster.connect("main", "root").rows("SHOW DATABASES LIKE 'test\\_%'")
    return [name for (name,) in rows]


def run(cluster, *arguments: str, ran: int) -> str:
    """Run `manage.py test`; what it said."""
    done = cluster.manage("test", *arguments, "--noinput", timeout=150)
    assert done.returncode == 0, done.stderr
    assert f"Ran {ran} tests" in done.stderr
    return done.stdout + done.stderr


@pytest.mark.timeout(180)
def test_an_app_is_tested_as_on_one_database(cluster):
    cluster.connect("main").run("INSERT INTO shop_article (name, stock) VALUES ('kept', 1)")
    cluster.settle()
    run(cluster, SHOP, CLINIC, ran=8)
    assert len(dump(cluster.connect("main"), "shop_article")) == 1
    assert databases_of_tests(cluster) == []


@pytest.mark.timeout(180)
def test_two_processes_have_a_database_each(cluster):
    said = run(cluster, SHOP, CLINIC, "--parallel", "2", "-v", "2", ran=8)
    assert "Cloning test database for alias 'default'" in said
    assert databases_of_tests(cluster) == []


@pytest.mark.timeout(240)
def test_a_database_is_kept_for_the_next_time(cluster):
    run(cluster, SHOP, "--keepdb", ran=6)
    (kept,) = databases_of_tests(cluster)
    said = run(cluster, SHOP, "--keepdb", "-v", "2", ran=6)
    assert f"Using existing test database for alias 'default' ('{kept}')" in said
    assert databases_of_tests(cluster) == [kept]
    cluster.connect("main", "root").run(f"DROP DATABASE `{kept}`")


@pytest.mark.timeout(180)
def test_a_foreign_project_is_tested_by_pytest_django(cluster, tmp_path: Path):
    (tmp_path / "foreign_settings.py").write_text(foreign_settings(cluster.servers))
    (tmp_path / "test_foreign.py").write_text(FOREIGN_TESTS)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nDJANGO_SETTINGS_MODULE = foreign_settings\npythonpath = .\n"
    )
    environment = cluster.servers.environment() | {"PYTHONPATH": str(ROOT)}
    del environment["DJANGO_SETTINGS_MODULE"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:valkey"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert databases_of_tests(cluster) == []
