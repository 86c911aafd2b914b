"""The tests of an app with `cluster = True`: on a private cluster, with acknowledgements, through a death of Main."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import TestCase

from cluster.local import processes, programs
from cluster.testing import OnCluster, PrivateCluster, PrivateClusterError
from tests.harness.foreign import foreign_settings
from tests.harness.forking import ROOT

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("private_cluster")]
MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "foreign_settings"
execute_from_command_line(sys.argv)
"""
TESTS = """
import pathlib
import threading
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import LiveServerTestCase, TestCase, override_settings

from cluster.backend import NoPrimary, NotAcknowledged, write_once
from cluster.testing import OnCluster, TransactionTestCase
from tests.harness.shop.models import Article, Order


class Plain(TestCase):
    def test_the_others_have_one_server(self):
        assert connection.settings_dict["NAME"].startswith("test_")
        Article.objects.create(name="plain")
        assert Article.objects.count() == 1


class Without(TransactionTestCase):
    def test_the_class_alone_changes_nothing(self):
        assert connection.settings_dict["NAME"].startswith("test_")
        assert not Article.objects.exists()


class Shop(TransactionTestCase):
    cluster = True

    def test_1_rows_outlive_main(self):
        pathlib.Path("where").write_text(str(self.nodes.servers.directory))
        self.assertFalse(Article.objects.exists())
        Article.objects.create(name="lamp", stock=1)
        self.nodes.kill("main")
        Article.objects.filter(name="lamp").update(stock=2)
        with transaction.atomic():
            lamp = Article.objects.select_for_update().get(name="lamp")
            Order.objects.create(article=lamp, customer="c", quantity=1)
        write_once(lambda: Article.objects.create(name="desk"), transaction_id="one")
        assert self.nodes.primary == "node_a"
        self.nodes.settle()
        for node in ("node_a", "node_b"):
            rows = sorted(Article.objects.using(node).values_list("name", "stock"))
            self.assertEqual((node, rows), (node, [("desk", 0), ("lamp", 2)]))
            assert Order.objects.using(node).count() == 1

    def test_2_everything_is_as_at_first(self):
        assert self.nodes.primary == "main"
        assert not Article.objects.exists()
        self.nodes.settle()
        assert Permission.objects.using("node_b").filter(codename="add_article").exists()

    def test_3_nothing_is_acknowledged_that_is_on_one_node_alone(self):
        self.nodes.freeze("node_a")
        self.nodes.freeze("node_b")
        with self.assertRaises((NotAcknowledged, NoPrimary)):  # where the lease has run out before
            Article.objects.create(name="lamp")

    def test_4_the_database_of_operators_is_there(self):
        from cluster.models import Event

        assert Event.objects.count() >= 0
        ran = []
        with transaction.atomic():
            Group.objects.create(name="makers")
            transaction.on_commit(lambda: ran.append(1))
        assert ran == [1]
        threads = [threading.Thread(target=Group.objects.create, kwargs={"name": f"g{n}"}) for n in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert Group.objects.count() == 3


@override_settings(ROOT_URLCONF="tests.harness.shop.urls", STATIC_URL="static/", MEDIA_URL="media/")
class Served(OnCluster, LiveServerTestCase):
    cluster = True

    def test_a_server_beside_the_test_is_on_the_cluster_too(self):
        Article.objects.create(name="lamp", stock=1)
        self.nodes.kill("main")
        form = urlencode({"article": "lamp", "customer": "c"}).encode()
        request = Request(f"{self.live_server_url}/order/", form, {"Idempotency-Key": "one"})
        with urlopen(request, timeout=60) as answer:
            assert answer.status == 201
        assert Article.objects.get().stock == 0


class Whole(TransactionTestCase):
    cluster = True
    serialized_rollback = True

    def test_of_one_run_all_share_a_cluster(self):
        assert pathlib.Path("where").read_text() == str(self.nodes.servers.directory)
        assert Permission.objects.filter(codename="add_article").exists()
        assert not Group.objects.exists()

"""
LAST = """
from django.test import TestCase


class Last(TestCase):
    def test_there_is_one_server_again(self):
        from django.db import connection

        assert connection.settings_dict["NAME"].startswith("test_")
"""
MANAGED = ["manage.py", "test", "--noinput"]
BY_PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:valkey"]


@pytest.fixture
def project(servers, tmp_path: Path) -> Path:
    """Return a project in a directory of its own, with tests."""
    (tmp_path / "foreign_settings.py").write_text(
        f"{foreign_settings(servers)}\nVAR_DIR = {str(ROOT / 'var')!r}\n"
    )
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "test_last.py").write_text(LAST)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nDJANGO_SETTINGS_MODULE = foreign_settings\npythonpath = .\nfilterwarnings = error\n"
    )
    return tmp_path


def run(servers, project: Path, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the project's tests as its developers do."""
    environment = servers.environment() | {"PYTHONPATH": str(ROOT)} | variables
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, *command], cwd=project, env=environment,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def left(project: Path) -> list[int]:
    """Return the servers of a private cluster that still run."""
    directory = Path((project / "where").read_text())
    assert not directory.exists()
    datas = [directory / "nodes" / name / "data" for name in ("main", "node_a", "node_b")]
    return [pid for pid in psutil.pids() if any(processes.serves(pid, data) for data in datas)]


@pytest.mark.parametrize(
    ("command", "options"),
    [(MANAGED, ""), (BY_PYTEST, 'DATABASES["default"]["TEST"] = {"MIGRATE": False}')],
    ids=["manage.py", "pytest, without migrations"],
)
def test_rows_outlive_main_in_the_tests_of_an_app(servers, project, command, options):
    with (project / "foreign_settings.py").open("a") as end:
        end.write(options)
    done = run(servers, project, command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 9 tests" in done.stderr or "9 passed" in done.stdout
    assert left(project) == []


def test_where_no_server_can_be_started_it_says_what_to_install(tmp_path, monkeypatch, settings):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    programs.program.cache_clear()
    try:
        with pytest.raises(
            PrivateClusterError, match=r"`cluster = True` need .* install the package mariadb-server"
        ):
            PrivateCluster()
    finally:
        programs.program.cache_clear()


def test_a_class_that_commits_nothing_is_refused():
    class Wrong(OnCluster, TestCase):
        cluster = True

    with pytest.raises(ImproperlyConfigured, match=r"Wrong is a TestCase.*to be a cluster\.testing"):
        Wrong.setUpClass()


def test_a_node_has_no_test_database():
    with pytest.raises(
        ImproperlyConfigured, match=r"no database of their own on node_a: leave it out of `databases`"
    ):
        connections["node_a"].creation.create_test_db()
