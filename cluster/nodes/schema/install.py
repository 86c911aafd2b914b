"""Put the kernel on one node and report what is there: INSTALLED, OUTDATED or MISSING."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Template
from typing import Final, Protocol

from django.db.models import Model

from cluster.conf import ClusterConf
from cluster.nodes.connection import Connection
from cluster.nodes.schema import catalogue
from cluster.nodes.schema.catalogue import SqlObject
from cluster.nodes.schema.collations import LINGUISTIC, blurred
from cluster.nodes.schema.inventory import KERNEL_OBJECT, Inventory, held_checksum
from cluster.nodes.schema.model_schema import model_indexes, model_tables
from cluster.nodes.schema.script import Script, script_secret
from cluster.nodes.schema.storing import link_name, store_routines
from cluster.protocol.errors import NodeFailed
from cluster.protocol.lease import consent_seconds
from cluster.protocol.names import NodeName


class Target(Protocol):
    """Where set-up runs its statements: a connection, or a script that writes them down."""

    @property
    def node(self) -> NodeName:
        """The node that is set up."""

    def run(self, sql: str, params: Sequence[object] | None = None) -> int:
        """Run one statement."""

    def escape(self, value: str) -> str:
        """Return a text for between quotes."""


NO_SUCH_GRANT: Final = 1147
ADVICE: Final = "COLLATION"
"""The kind of a finding that set-up names and leaves alone: docs/runbook.md says how to change a collation over."""


class Status(StrEnum):
    """How an object stands on a node."""

    INSTALLED = "INSTALLED"
    OUTDATED = "OUTDATED"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Finding:
    """One object on one node."""

    node: NodeName
    kind: str
    name: str
    status: Status


def kernel() -> list[SqlObject]:
    """Return the protocol's own tables and routines; first the table that the others are noted in."""
    tables = sorted(catalogue.kernel_tables(), key=lambda item: item.name != KERNEL_OBJECT.name)
    return [*tables, *catalogue.kernel_routines()]


def replicated(
    node: NodeName, models: Sequence[type[Model]], secret: str, others: Sequence[type[Model]] = ()
) -> list[SqlObject]:
    """Return the replicated tables, their triggers, and the apps' procedures, in the order of installation.

    others: models whose tables are there and wait for a migration: they stay as they are.
    """
    tables = [*model_tables(node, models), *model_indexes(node, models)]
    watch = catalogue.events() if node is NodeName.NODE_A else []
    stores = [*store_routines(models, others), *catalogue.calls(), *watch]
    return [*tables, *catalogue.triggers(models, secret), *stores, *catalogue.public_routines()]


def links(node: NodeName, models: Sequence[type[Model]]) -> list[SqlObject]:
    """Return the federated tables that link_peers makes, once the other nodes are set up."""
    tables = [model._meta.db_table for model in models]
    return [
        SqlObject(
            "FEDERATED",
            f"call_{peer}" if remote == "inbox" else link_name(remote, peer),
            f"mco2_{peer}/{remote}",
        )
        for peer in node.others
        for remote in ("inbox", "node_config", "transaction_log", *tables)
    ]


def link(connection: Connection) -> list[str]:
    """Make the federated tables that are missing; what hindered those that still are. May be repeated."""
    made = connection.rows("CALL link_peers()")
    return [f"{name}: {result}" for name, result in made if result.startswith("MISSING")]


def findings(connection: Connection, models: Sequence[type[Model]]) -> list[Finding]:
    """Return how every object stands on a node."""
    held = Inventory(connection)
    found = [
        Finding(connection.node, item.kind, item.name, status(held, item))
        for item in [
            *kernel(),
            *replicated(connection.node, models, secret(connection)),
            *links(connection.node, models),
        ]
    ]
    wrong = blurred(connection, models)
    name = f"{LINGUISTIC}: {'; '.join(wrong)}" if wrong else LINGUISTIC
    return [
        *found,
        Finding(connection.node, ADVICE, name, Status.OUTDATED if wrong else Status.INSTALLED),
    ]


def status(held: Inventory, item: SqlObject) -> Status:
    """INSTALLED only when the source and what the server holds are those of the last set-up."""
    present = held.checksum(item)
    if present is None:
        return Status.MISSING
    return Status.INSTALLED if held.remembered(item) == (item.checksum, present) else Status.OUTDATED


APPLY_SECRET = SqlObject("TABLE", "apply_secret", "")


def install(connection: Connection, items: Iterable[SqlObject]) -> int:
    """Make what is missing and replace what is outdated; how many objects that were.

    A table that exists is never altered here: its rows and shape are the business of migrations. One whose statement
    replaces it holds nothing that outlives a call, so it is made anew.
    """
    held = Inventory(connection)
    found = {item: status(held, item) for item in items}
    due = [item for item in found if found[item] is not Status.INSTALLED]
    drop_moved(connection, [item for item in due if item.kind == "TRIGGER"])
    for item in due:
        if item.kind != "TABLE" or found[item] is Status.MISSING or item.replaces:
            for statement in item.statement.split(catalogue.NEXT):
                connection.run(statement)
    remember(connection, due)
    return len(due)


def drop_moved(connection: Connection, triggers: Collection[SqlObject]) -> None:
    """Drop triggers of these names that went with another table when that was renamed: a name is free only once."""
    if not triggers:
        return
    tables: dict[str, str] = dict(
        connection.rows(
            "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
            " WHERE TRIGGER_SCHEMA = DATABASE()"
        )
    )
    for item in triggers:
        if item.name in tables and f" ON `{tables[item.name]}` " not in item.statement:
            connection.run(f"DROP TRIGGER `{item.name}`")


def remember(connection: Connection, items: Sequence[SqlObject]) -> None:
    """Note what was installed, once the list itself exists. Whoever is cut off before installs it again."""
    now = Inventory(connection)
    if not items or now.checksum(KERNEL_OBJECT) is None:
        return
    connection.many(
        "REPLACE INTO kernel_object (kind, name, source_checksum, installed_checksum)"
        " VALUES (%s, %s, %s, %s)",
        [(item.kind, item.name, item.checksum, now.checksum(item)) for item in items],
    )


def create_accounts(admin: Target, conf: ClusterConf) -> None:
    """Make the database, the cluster's account and its rights; run before `install`."""
    database = conf.nodes[admin.node].database
    own = f"CHARACTER SET utf8mb4 COLLATE {LINGUISTIC}"
    admin.run(f"CREATE DATABASE IF NOT EXISTS `{database}` {own}")
    # One that somebody else has made and that is still empty. Tables that are there keep what they have (`blurred`).
    admin.run(
        "BEGIN NOT ATOMIC IF NOT EXISTS (SELECT 1 FROM information_schema.TABLES"
        f" WHERE TABLE_SCHEMA = '{admin.escape(database)}') THEN ALTER DATABASE `{database}` {own}; END IF; END"
    )
    run_template(admin, "cluster", blanks(admin, conf))


def create_application(admin: Target, conf: ClusterConf) -> None:
    """Make the application's account, before any replicated table; run after the kernel's tables exist."""
    run_template(admin, "application", blanks(admin, conf))


def grant_application(admin: Target, conf: ClusterConf, models: Sequence[type[Model]]) -> None:
    """Grant the application its rights on replicated tables and public routines; run after `install`."""
    base = blanks(admin, conf)
    grant_tables(admin, conf, models)
    kernel = [("PROCEDURE", name) for name in catalogue.PUBLIC_KERNEL]
    for kind, name in [*kernel, *((item.kind, item.name) for item in catalogue.public_routines())]:
        run_template(admin, "application_routine", base | {"kind": kind, "routine": name})


def grant_tables(admin: Target, conf: ClusterConf, models: Sequence[type[Model]]) -> None:
    """Grant the application its rights on tables that are there."""
    base = blanks(admin, conf)
    for model in models:
        run_template(admin, "application_table", base | {"table": model._meta.db_table})


def revoke_tables(admin: Connection, conf: ClusterConf, tables: Collection[str]) -> None:
    """Revoke the rights on tables that are gone: the server keeps them for the next one of that name."""
    base = blanks(admin, conf)
    for table in tables:
        try:
            run_template(admin, "application_table_gone", base | {"table": table})
        except NodeFailed as error:
            if error.code != NO_SUCH_GRANT:
                raise


def introduce_peers(admin: Target, conf: ClusterConf) -> None:
    """Let the node know where the others are, so that it can probe them by itself."""
    base = blanks(admin, conf)
    for peer, address in conf.nodes.items():
        if peer is not admin.node:
            place = {"peer": peer.value, "host": address.host, "port": str(address.port)}
            run_template(admin, "peer", base | place | {"database": address.database})


def blanks(admin: Target, conf: ClusterConf) -> dict[str, str]:
    """Return the names and passwords that the account files leave open, escaped for quotes."""
    values = {
        "database": conf.nodes[admin.node].database,
        "cluster_user": conf.cluster.user,
        "cluster_password": conf.cluster.password,
        "application_user": conf.application.user,
        "application_password": conf.application.password,
    }
    return {key: admin.escape(value) for key, value in values.items()}


def run_template(admin: Target, name: str, values: Mapping[str, str]) -> None:
    """Run the statements of sql/cluster/accounts/<name>.sql."""
    path = catalogue.sql_root() / "cluster" / "accounts" / f"{name}.sql"
    for statement in catalogue.statements(path):
        admin.run(Template(statement).substitute(values))


def secret(connection: Connection) -> str:
    """Return the node's apply secret, empty before `make_secret`."""
    if held_checksum(connection, APPLY_SECRET) is None:
        return ""
    rows = connection.rows("SELECT secret FROM apply_secret")
    return str(rows[0][0]) if rows else ""


def make_secret(connection: Connection) -> str:
    """Return the node's apply secret, made at its first set-up."""
    connection.run("INSERT IGNORE INTO apply_secret (id, secret) VALUES (1, %s)", (secrets.token_hex(32),))
    return secret(connection)


def configure(connection: Target, conf: ClusterConf) -> None:
    """Write node_config and the secret; existing rows stay, but for those that settings decide."""
    name = connection.node
    mode = name.following_mode.value
    first = {
        "node_mode": mode, "epoch": 0, "consent_epoch": 0, "consent_until": 0, "commit_watermark": 0,
        "commit_watermark_entries": 0, "replayed_transactions": 0, "late_commit_probe": "", "heartbeat": "",
        "last_main_contact": "", "automation": "", "append": "", "defect": "",
        "consent_seconds": consent_seconds(conf.lease_seconds), "round_main": 0, "round_node_a": 0, "round_node_b": 0,
        "followed_epoch": 0,
    }  # fmt: skip
    settled = {
        "node_name": name.value, "node_label": name.label, "source_node": name.source,
        "ack_timeout": conf.ack_timeout, "durability": conf.durability,
        "lease_seconds": conf.lease_seconds, "application_user": conf.application.user,
        "automatic": int(conf.automatic), "cooldown": conf.cooldown,
    }  # fmt: skip
    # One row a statement: who holds one and wants the next deadlocks with those who update several at work.
    for row in first.items():
        connection.run("INSERT IGNORE INTO node_config (config_key, config_value) VALUES (%s, %s)", row)
    for row in settled.items():
        connection.run(
            "INSERT INTO node_config (config_key, config_value) VALUES (%s, %s)"
            " ON DUPLICATE KEY UPDATE config_value = VALUES(config_value)",
            row,
        )


def console_script(name: NodeName, conf: ClusterConf, models: Sequence[type[Model]]) -> str:
    """Return all of a node's set-up as text: no server is asked, passwords are those of the environment."""
    script, key = Script(name, conf), script_secret(name, conf)
    create_accounts(script, conf)
    introduce_peers(script, conf)
    script.run(f"USE `{conf.nodes[name].database}`")
    script.install(kernel())
    create_application(script, conf)
    script.run("REPLACE INTO apply_secret (id, secret) VALUES (1, %s)", (key,))
    script.install(replicated(name, models, key))
    configure(script, conf)
    grant_application(script, conf, models)
    script.run("CALL link_peers()")
    return str(script)
