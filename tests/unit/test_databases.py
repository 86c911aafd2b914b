"""DATABASES from the URLs of the nodes."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from cluster.databases import cluster_databases, node_database


def test_five_aliases():
    urls = [
        f"mysql://app:p%40ss@10.0.0.{number}:3307/mco2?read_timeout=10&charset=utf8mb4"
        for number in (1, 2, 3)
    ]
    made = cluster_databases(*urls, control="control.sqlite3")
    assert set(made) == {"default", "main", "node_a", "node_b", "control"}
    assert made["node_b"] == {
        "ENGINE": "cluster.backend",
        "HOST": "10.0.0.3",
        "PORT": 3307,
        "NAME": "mco2",
        "USER": "app",
        "PASSWORD": "p@ss",
        "OPTIONS": {"read_timeout": 10, "charset": "utf8mb4"},
    }
    assert made["control"]["NAME"] == "control.sqlite3"


@pytest.mark.parametrize(
    "url",
    ["", "postgres://u:p@h/d", "mysql://h/d", "mysql://u:p@h", "mysql://u:p@h:port/d", "mysql://[u@h/d"],
)
def test_what_is_none_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="must be mysql://user:password@host:port/database"):
        node_database(url)


def test_the_usual_port():
    assert node_database("mysql://u@h/d")["PORT"] == 3306
