"""The cluster's configuration: built from settings, checked, frozen."""

import re
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cluster.conf import OPTIONAL, Account, ClusterConf, NodeAddress, conf, settings_from
from cluster.protocol.names import NodeName


def test_settings_become_one_frozen_value():
    made = settings_from(settings)
    assert set(made.nodes) == set(NodeName)
    assert made.nodes[NodeName.NODE_A].database == "stadvdb-mco2-a"
    with pytest.raises(FrozenInstanceError):
        made.durability = "local"


def test_conf_follows_overridden_settings(settings):
    assert conf() is conf()
    settings.CLUSTER_LEASE_SECONDS = 7.5
    assert conf().lease_seconds == 7.5


def test_passwords_stay_out_of_tracebacks():
    assert "hunter2" not in repr(Account("mco2_app", "hunter2"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"probe_interval": 0}, "CLUSTER_PROBE_INTERVAL must be more than 0 seconds, not 0."),
        ({"ack_timeout": -1.0}, "CLUSTER_ACK_TIMEOUT must be more than 0 seconds, not -1."),
        ({"failure_threshold": 0}, "CLUSTER_FAILURE_THRESHOLD must be at least 1, not 0."),
        ({"cooldown": -5.0}, "CLUSTER_COOLDOWN_SECONDS must not be negative: -5."),
        ({"durability": "most"}, "CLUSTER_DURABILITY must be quorum or local, not 'most'."),
        ({"failback": ""}, "CLUSTER_FAILBACK must be manual or automatic, not ''."),
        ({"replicated_models": ("a.b.c",)}, "'a.b.c' is none of app.Model, app, *, -app.Model and -app."),
        ({"lease_seconds": 0.5}, "CLUSTER_LEASE_SECONDS must be longer than"),
    ],
)
def test_a_wrong_value_is_named(wrong, sentence):
    with pytest.raises(ImproperlyConfigured) as refused:
        replace(settings_from(settings), **wrong)
    assert sentence in str(refused.value)


def plain(**more: object) -> SimpleNamespace:
    """Return settings with what has no default, and more."""
    return SimpleNamespace(**{"DATABASES": settings.DATABASES, "CLUSTER_PASSWORD": "x"} | more)


def test_a_project_needs_its_databases_and_a_password():
    made = settings_from(plain())
    assert (made.replicated_models, made.lease_seconds) == (("*",), ClusterConf.lease_seconds)
    assert settings_from(plain(CLUSTER_KEEP_DAYS=3)).keep_days == 3
    with pytest.raises(ImproperlyConfigured, match="CLUSTER_PASSWORD is not set"):
        settings_from(plain(CLUSTER_PASSWORD=""))
    some = {name: database for name, database in settings.DATABASES.items() if name in ("default", "main")}
    with pytest.raises(ImproperlyConfigured, match="has no control and no node_a and no node_b"):
        settings_from(plain(DATABASES=some))


def test_the_documents_have_every_setting_with_its_default():
    text = (settings.BASE_DIR / "docs" / "developers.md").read_text()
    told = dict(re.findall(r"^\| `(CLUSTER_\w+)` \| (\S+) \|", text, re.M))
    for field, name in OPTIONAL.items():
        value = getattr(ClusterConf, field)
        assert told[name] == (f"{value:g}" if type(value) in (int, float) else str(value)), name


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(ImproperlyConfigured, match=r"DURABILITY.*FAILBACK"):
        replace(settings_from(settings), durability="x", failback="y")


def test_two_nodes_may_not_be_one():
    address = NodeAddress("127.0.0.1", 3306, "stadvdb-mco2")
    with pytest.raises(ImproperlyConfigured, match="same host, port and database"):
        replace(settings_from(settings), nodes=dict.fromkeys(NodeName, address))


def test_the_nodes_must_share_the_application_account(monkeypatch):
    monkeypatch.setitem(settings.DATABASES["node_b"], "PASSWORD", "another")
    with pytest.raises(ImproperlyConfigured, match="same user and password"):
        settings_from(settings)
