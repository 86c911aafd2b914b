"""`manage.py test` of an app whose tables are on the cluster: against one server, without acknowledgements."""

import pytest

from tests.harness.sql import dump


@pytest.mark.timeout(120)
def test_an_app_is_tested_as_on_one_database(cluster):
    cluster.connect("main").run("INSERT INTO shop_article (name, stock) VALUES ('kept', 1)")
    cluster.settle()
    done = cluster.manage("test", "tests.harness.shop.tests", "--noinput", timeout=100)
    assert done.returncode == 0, done.stderr
    assert "Ran 5 tests" in done.stderr
    assert len(dump(cluster.connect("main"), "shop_article")) == 1
    databases = cluster.connect("main", "root").rows("SHOW DATABASES LIKE 'test\\_%'")
    assert databases == ()
