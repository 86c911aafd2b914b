"""Three scratch servers for one test session: set up once, put back to the first state before each test."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import connections

from cluster.actions.maintenance.setup import link, set_up
from cluster.conf import Account, ClusterConf, conf
from cluster.local import each, scratch
from cluster.local.scratch import revive
from cluster.nodes.cluster import endpoint
from cluster.nodes.connection import Connection
from cluster.nodes.schema import install
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from cluster.testing.pointing import pointed
from tests.harness import forking

KEPT_TABLES = frozenset({"kernel_object", "applied_migration", "apply_secret", "node_config"})
"""Tables that a reset leaves or writes anew; all others are emptied."""
NO_SUCH_THREAD = 1094
QUIET_SECONDS = 3.0
"""Seconds until a session that was killed and does not end counts as one that hangs while it connects."""


class ScratchServers(scratch.ScratchServers):
    """The servers, set up, and this project's settings pointed at them.

    overrides: settings that differ from `policy`. variables: environment that processes get besides.
    """

    def __init__(
        self,
        parent: Path | None = None,
        *,
        blank: bool = False,
        overrides: Mapping[str, object] | None = None,
    ) -> None:
        """blank: whether nothing is set up on them."""
        self.overrides: dict[str, object] = dict(overrides or {})
        self.variables: dict[str, str] = {}
        super().__init__(settings.VAR_DIR / "template", parent)
        try:
            if not blank:
                self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        migration = ["migrate", "--database", "control", "--verbosity", "0"]
        with self.pointed(), forking.begin(migration, self.environment()) as migrating:
            for name in NodeName:
                set_up(name)
                connections[name].close()
            for name in NodeName:
                assert link(name) == []
        assert migrating.returncode == 0

    def close(self) -> None:
        """Kill the servers and remove their files."""
        forking.close()
        super().close()

    @contextmanager
    def pointed(self) -> Iterator[ClusterConf]:
        """Let Django's settings name these servers, and no connection outlive that."""
        databases = {
            name.value: settings.DATABASES[name] | self.database(node) for name, node in self.local.items()
        }
        with pointed(databases, **self.policy(), VAR_DIR=self.directory) as configured:
            yield configured

    def policy(self) -> dict[str, object]:
        """Return the accounts, and the policy whatever .env says."""
        return (
            self.accounts()
            | {
                "CLUSTER_PROBE_INTERVAL": 1.0,
                "CLUSTER_PROBE_TIMEOUT": 0.8,
                "CLUSTER_LEASE_SECONDS": 3.0,
                "CLUSTER_ACK_TIMEOUT": 2.0,
                "CLUSTER_DURABILITY": "quorum",
            }
            | self.overrides
        )

    def environment(self, ports: Mapping[NodeName, int] | None = None) -> dict[str, str]:
        """Return the environment of a `manage.py` that works with these servers.

        ports: where it reaches them, when not directly (`Links.ports`).
        """
        urls = {
            f"{name.upper()}_DATABASE_URL": f"mysql://{self.application.user}:{self.application.password}"
            f"@127.0.0.1:{ports[name] if ports else node.port}/{node.database}"
            for name, node in self.local.items()
        }
        own = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "CONTROL_DATABASE": str(self.control),
            "VAR_DIR": str(self.directory),
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
        }
        policy = {key: str(value) for key, value in self.policy().items()}
        return os.environ | urls | own | policy | self.variables

    def account(self, name: str) -> Account:
        """`app`, `cluster` or `root`."""
        return {"app": self.application, "cluster": self.cluster, "root": self.admin}[name]

    def connect(
        self, name: NodeName, account: str = "app", timeout: float = 5.0, port: int | None = None
    ) -> Connection:
        """Return a connection to one node's database as one of the accounts; through `port` when one is given."""
        place = endpoint(conf(), name, self.account(account))
        return Connection(replace(place, port=port or place.port), timeout=timeout)

    def reset(self) -> None:
        """Every server up and empty, no primary, no session but ours."""
        each(self.local.values(), revive)
        with ThreadPoolExecutor(len(NodeName)) as pool, ExitStack() as ending:
            admins = [self.connect(name, "root", timeout=20.0) for name in NodeName]
            for admin in admins:
                ending.callback(admin.close)
            # All nodes are quiet before the first is emptied: a job of one writes to the others.
            list(pool.map(self._quiet, admins))
            list(pool.map(self._empty, admins))

    def _quiet(self, admin: Connection) -> None:
        """Nothing of the cluster is at work any more. Who hangs while it connects does nothing once it is killed."""
        deadline = time.monotonic() + QUIET_SECONDS
        drop_jobs(admin)
        while end_sessions(admin, [self.application.user, self.cluster.user]):
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
            drop_jobs(admin)

    def _empty(self, admin: Connection) -> None:
        empty_tables(admin)
        for sequence in ("lease_begin", "lease_end"):
            admin.run(f"ALTER SEQUENCE {sequence} RESTART WITH 0")
        admin.run("DELETE FROM node_config")
        install.configure(admin, conf())


def end_sessions(connection: Connection, users: list[str]) -> int:
    """End what earlier tests left open, its locks and transactions with it; how many there still were."""
    marks = ", ".join(["%s"] * len(users))
    threads = connection.rows(f"SELECT ID FROM information_schema.PROCESSLIST WHERE USER IN ({marks})", users)
    for (thread,) in threads:
        try:
            connection.run(f"KILL {thread}")
        except NodeFailed as error:
            if error.code != NO_SUCH_THREAD:
                raise
    return len(threads)


def drop_jobs(connection: Connection) -> None:
    """Forget the jobs that no thread has begun."""
    for (name,) in connection.rows(
        "SELECT EVENT_NAME FROM information_schema.EVENTS"
        " WHERE EVENT_SCHEMA = DATABASE() AND EVENT_NAME LIKE 'job\\_%'"
    ):
        connection.run(f"DROP EVENT IF EXISTS `{name}`")


def empty_tables(connection: Connection) -> None:
    """Empty every table that has rows; TRUNCATE runs no trigger."""
    tables = [
        name
        for (name,) in connection.rows(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
            " AND TABLE_TYPE = 'BASE TABLE' AND ENGINE IN ('InnoDB', 'MEMORY')"
        )
        if name not in KEPT_TABLES
    ]
    filled = connection.row("SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM `{name}`)" for name in tables))
    for name, has_rows in zip(tables, filled, strict=True):
        if has_rows:
            connection.run(f"TRUNCATE TABLE `{name}`")


def close_quietly(process: subprocess.Popen[str]) -> None:
    """End a process that a test left running."""
    with suppress(ProcessLookupError):
        process.kill()
    process.communicate(timeout=10)
