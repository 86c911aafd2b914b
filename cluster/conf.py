"""The cluster's configuration as one frozen value, checked once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS
from django.dispatch import receiver

from cluster.protocol.names import NodeName

CLUSTER_ALIAS: Final = DEFAULT_DB_ALIAS
"""The database alias that follows the primary."""
CONTROL_ALIAS: Final = "control"
"""The cluster's own database: events, jobs, samples, and the tables that are not replicated."""
DURABILITIES = ("quorum", "local")
FAILBACKS = ("manual", "automatic")
READS = ("primary", "replicas")
MODELS = re.compile(r"\*|-?\w+(\.\w+)?")


@dataclass(frozen=True)
class NodeAddress:
    """Where a node listens and which of its databases is ours."""

    host: str
    port: int
    database: str


@dataclass(frozen=True)
class Account:
    """A user of MariaDB; the password stays out of logs and tracebacks."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ClusterConf:
    """Addresses, accounts and policy. Durations are in seconds.

    Raises ImproperlyConfigured with every wrong value named.
    """

    nodes: Mapping[NodeName, NodeAddress]
    application: Account
    cluster: Account
    admin: Account | None
    probe_interval: float = 0.5
    probe_timeout: float = 0.8
    failure_threshold: int = 2
    lease_seconds: float = 1.8
    ack_timeout: float = 2.0
    durability: str = "quorum"
    cooldown: float = 60.0
    automatic: bool = True
    failback: str = "manual"
    keep_days: int = 30
    write_deadline: float = 10.0
    read_from: str = "primary"
    read_staleness: float = 5.0
    replicated_models: tuple[str, ...] = ()
    alert_urls: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if wrong := _problems(self):
            raise ImproperlyConfigured(" ".join(wrong))

    @property
    def quorum_acknowledges(self) -> bool:
        """Whether a write is done only when a second node has it."""
        return self.durability == "quorum"


def _problems(conf: ClusterConf) -> list[str]:
    """One sentence for each value that no cluster can run with."""
    seconds = (
        "probe_interval",
        "probe_timeout",
        "lease_seconds",
        "ack_timeout",
        "write_deadline",
        "read_staleness",
    )
    wrong = [
        f"CLUSTER_{name.upper()} must be more than 0 seconds, not {getattr(conf, name):g}."
        for name in seconds
        if getattr(conf, name) <= 0
    ]
    if conf.failure_threshold < 1:
        wrong.append(f"CLUSTER_FAILURE_THRESHOLD must be at least 1, not {conf.failure_threshold}.")
    if conf.keep_days < 1:
        wrong.append(f"CLUSTER_KEEP_DAYS must be at least 1, not {conf.keep_days}.")
    if conf.cooldown < 0:
        wrong.append(f"CLUSTER_COOLDOWN_SECONDS must not be negative: {conf.cooldown:g}.")
    # A lease is renewed once in a probe interval: a shorter one runs out while all is well.
    if conf.lease_seconds <= conf.probe_interval:
        wrong.append("CLUSTER_LEASE_SECONDS must be longer than CLUSTER_PROBE_INTERVAL.")
    wrong += _choice("CLUSTER_DURABILITY", conf.durability, DURABILITIES)
    wrong += _choice("CLUSTER_FAILBACK", conf.failback, FAILBACKS)
    wrong += _choice("CLUSTER_READ_FROM", conf.read_from, READS)
    wrong += [
        f"CLUSTER_REPLICATED_MODELS: {name!r} is none of app.Model, app, *, -app.Model and -app."
        for name in conf.replicated_models
        if MODELS.fullmatch(name) is None
    ]
    if len(set(conf.nodes.values())) != len(conf.nodes):
        wrong.append("Two nodes have the same host, port and database.")
    return wrong


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> list[str]:
    if value in allowed:
        return []
    return [f"{name} must be {' or '.join(allowed)}, not {value!r}."]


OPTIONAL = {
    "probe_interval": "CLUSTER_PROBE_INTERVAL",
    "probe_timeout": "CLUSTER_PROBE_TIMEOUT",
    "failure_threshold": "CLUSTER_FAILURE_THRESHOLD",
    "lease_seconds": "CLUSTER_LEASE_SECONDS",
    "ack_timeout": "CLUSTER_ACK_TIMEOUT",
    "durability": "CLUSTER_DURABILITY",
    "cooldown": "CLUSTER_COOLDOWN_SECONDS",
    "automatic": "CLUSTER_AUTOMATIC",
    "failback": "CLUSTER_FAILBACK",
    "keep_days": "CLUSTER_KEEP_DAYS",
    "write_deadline": "CLUSTER_WRITE_DEADLINE",
    "read_from": "CLUSTER_READ_FROM",
    "read_staleness": "CLUSTER_READ_STALENESS",
}
"""Fields of ClusterConf whose defaults count where Django's settings do not have the name."""


def settings_from(source: Any) -> ClusterConf:
    """Return the configuration in Django's settings: `DATABASES` of the nodes and `CLUSTER_*`.

    Raises ImproperlyConfigured for an alias that is missing.
    """
    missing = [name for name in (CLUSTER_ALIAS, CONTROL_ALIAS, *NodeName) if name not in source.DATABASES]
    if missing:
        raise ImproperlyConfigured(
            f"DATABASES has no {' and no '.join(missing)}: docs/developers.md shows the five that a cluster needs."
        )
    admin = Account(getattr(source, "CLUSTER_ADMIN_USER", ""), getattr(source, "CLUSTER_ADMIN_PASSWORD", ""))
    given = {
        field: getattr(source, name)
        for field, name in OPTIONAL.items()
        if getattr(source, name, None) is not None
    }
    return ClusterConf(
        nodes=MappingProxyType({name: _address(source.DATABASES[name]) for name in NodeName}),
        application=_application(source.DATABASES),
        cluster=Account(getattr(source, "CLUSTER_USER", "mco2_cluster"), _password(source)),
        admin=admin if admin.user else None,
        replicated_models=tuple(getattr(source, "CLUSTER_REPLICATED_MODELS", ("*",))),
        alert_urls=tuple(getattr(source, "CLUSTER_ALERT_URLS", ())),
        **given,
    )


def _password(source: object) -> str:
    given: str | None = getattr(source, "CLUSTER_PASSWORD", None)
    if not given:
        raise ImproperlyConfigured(
            "CLUSTER_PASSWORD is not set: it signs the cluster's own account in on every node."
        )
    return given


def _address(database: Mapping[str, Any]) -> NodeAddress:
    return NodeAddress(
        database.get("HOST") or "127.0.0.1", int(database.get("PORT") or 3306), database["NAME"]
    )


def _application(databases: Mapping[str, Mapping[str, Any]]) -> Account:
    """Return the application's account: one on all nodes, so that a failover changes nobody's rights."""
    accounts = {
        Account(databases[name].get("USER", ""), databases[name].get("PASSWORD", "")) for name in NodeName
    }
    if len(accounts) > 1:
        raise ImproperlyConfigured("The three node URLs must name the same user and password.")
    return accounts.pop()


@cache
def conf() -> ClusterConf:
    """Return the configuration of this process, read once."""
    return settings_from(settings)


@receiver(setting_changed)
def _forget(**changed: object) -> None:
    """Read the configuration anew for tests that override settings."""
    conf.cache_clear()
