"""What stands around the rows on one server, as nodes can be compared: tables' statements, triggers, rights, settings.

What belongs to one node alone is taken out: the name of its database, passwords, counters.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Model

from cluster.conf import ClusterConf
from cluster.nodes.connection import Connection
from cluster.nodes.schema import install
from cluster.protocol.names import NodeName

SETTINGS = (
    "sql_mode", "old_mode", "lower_case_table_names", "character_set_server", "collation_server", "tx_isolation",
    "max_allowed_packet", "innodb_flush_log_at_trx_commit", "innodb_autoinc_lock_mode", "innodb_page_size",
    "innodb_default_row_format", "innodb_strict_mode", "explicit_defaults_for_timestamp", "time_zone",
    "div_precision_increment", "group_concat_max_len", "check_constraint_checks", "max_heap_table_size",
)  # fmt: skip
"""Settings with which a statement, an image or an apply could end otherwise on another node."""

GRANT = re.compile(r"^GRANT (?P<rights>.+?) ON (?P<object>(?:PROCEDURE |FUNCTION )?\S+) TO ", re.MULTILINE)
NEXT_RIGHT = re.compile(r", (?![^(]*\))")
"""Between two rights, not between the columns of one."""
OWN = re.compile(r" (AUTO_INCREMENT|PAGE_CHECKSUM|TRANSACTIONAL)=\d+")
"""What a table keeps of its rows and of another engine that it once had."""
KEY = re.compile(r"^ *(?:\w+ )*?(?:KEY|CONSTRAINT)\b")

Facts = dict[str, str]
"""What was found, by what it is called in a sentence."""


def tables(connection: Connection, names: Iterable[str]) -> Facts:
    """Return the definition of each of these tables, as a comparison names it."""
    return {f"table {name}": found for name, found in definitions(connection, names).items()}


def definitions(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the statement that would make each of these tables, by name; those that are missing are left out."""
    present = {str(name) for (name,) in connection.rows("SHOW TABLES")}
    return {
        name: without_order(OWN.sub("", str(connection.row(f"SHOW CREATE TABLE `{name}`")[1])))
        for name in names
        if name in present
    }


def without_order(statement: str) -> str:
    """Return a table's statement with its keys sorted: set-up adds one that was missing at the end."""
    lines = [line.rstrip(",") for line in statement.splitlines()]
    keys = sorted(line for line in lines if KEY.match(line))
    return "\n".join([*(line for line in lines if not KEY.match(line)), *keys])


def triggers(connection: Connection) -> Facts:
    """Return where each trigger of the database fires. What it does, set-up remembers (`install.findings`)."""
    rows = connection.rows(
        "SELECT TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER"
        " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
    )
    return {f"trigger {name}": " ".join(map(str, rest)) for name, *rest in rows}


def settings(connection: Connection) -> Facts:
    """Return the server's own value of each of SETTINGS that it knows."""
    marks = ", ".join(["%s"] * len(SETTINGS))
    rows = connection.rows(
        "SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES"
        f" WHERE VARIABLE_NAME IN ({marks})",
        SETTINGS,
    )
    return {f"setting {name}": str(value) for name, value in rows}


def grants(connection: Connection, database: str) -> set[str]:
    """Return the rights of the account that is signed in."""
    return {
        right for (statement,) in connection.rows("SHOW GRANTS") for right in rights(str(statement), database)
    }


def rights(statement: str, database: str) -> set[str]:
    """Return what a statement grants, right by right, without the database's name and the account."""
    found = GRANT.search(statement)
    if found is None or found["rights"] == "USAGE":
        return set()
    thing = found["object"].replace(f"`{database}`.", "").replace("`", "")
    if thing.startswith("PROCEDURE "):  # which the server names in small letters
        thing = f"procedure {thing.removeprefix('PROCEDURE ').lower()}"
    return {f"{one} on {thing}" for one in NEXT_RIGHT.split(found["rights"])}


@dataclass
class GrantList:
    """Takes the place of a server in set-up and keeps what is granted."""

    node: NodeName
    database: str
    rights: set[str] = field(default_factory=set)

    def run(self, sql: str, _params: Sequence[object] | None = None) -> int:
        """Keep what the statement grants."""
        self.rights |= rights(sql, self.database)
        return 0

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Grant nothing: accounts are made by single statements."""
        return 0

    def escape(self, value: str) -> str:
        """Return the text as it is: nothing is run."""
        return value


def granted_by_set_up(
    node: NodeName, conf: ClusterConf, models: Sequence[type[Model]]
) -> tuple[set[str], set[str]]:
    """Return the rights that set-up gives to the cluster's account and to the application's."""
    database = conf.nodes[node].database
    own, application = GrantList(node, database), GrantList(node, database)
    install.create_accounts(own, conf)
    install.create_application(application, conf)
    install.grant_application(application, conf, models)
    return own.rights, application.rights
