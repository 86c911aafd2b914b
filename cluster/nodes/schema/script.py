"""Set-up as text: what setup_nodes does to a node, as a script for the mariadb client and nothing else."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from cluster.conf import ClusterConf
from cluster.nodes.schema import catalogue
from cluster.nodes.schema.catalogue import SqlObject
from cluster.nodes.schema.definitions import DEFINITION
from cluster.protocol.names import NodeName

HEAD = """-- The SQL console of {label}: tables, triggers, procedures, accounts. Run it as an administrator there:
--     mariadb --user=ADMIN --password --host={host} --port={port} < this_file      (or: source this_file)
-- It holds the passwords of the accounts: keep it as you keep those. May be repeated. When all three nodes have theirs,
-- CALL link_peers() on each once more, until no table is MISSING.
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00',
    foreign_key_checks = 0;
DELIMITER ;;
"""
ROUTINE = re.compile(r"^((?:--[^\n]*\n)*CREATE OR REPLACE )(PROCEDURE|FUNCTION|TRIGGER|VIEW)", re.M)


class Script:
    """Takes statements as a `Connection` does and writes them down instead."""

    def __init__(self, node: NodeName, conf: ClusterConf) -> None:
        place = conf.nodes[node]
        self.node = node
        self.owner = conf.cluster.user
        self.text = [HEAD.format(label=node.label, host=place.host, port=place.port)]

    def escape(self, value: str) -> str:
        """For between quotes."""
        return escaped(value)

    def run(self, sql: str, params: Sequence[object] | None = None) -> int:
        """Write down one statement; nobody knows yet what it changes."""
        text = sql % tuple(map(literal, params)) if params else sql
        self.text.append(f"{text.rstrip()}\n;;\n")
        return 0

    def install(self, items: Iterable[SqlObject]) -> None:
        """Make each object as the cluster's account owns it, and note it in kernel_object."""
        for item in items:
            for statement in item.statement.split(catalogue.NEXT):
                self.run(repeatable(ROUTINE.sub(rf"\1DEFINER=`{self.owner}`@`%` \2", statement)))
            definition = DEFINITION[item.kind].one % tuple(map(literal, item.names))
            self.run(
                "REPLACE INTO kernel_object (kind, name, source_checksum, installed_checksum)"
                f" VALUES ({literal(item.kind)}, {literal(item.name)},"
                f" {literal(item.checksum)}, SHA2(({definition}), 256))"
            )

    def __str__(self) -> str:
        return "".join([*self.text, "DELIMITER ;\n"])


def escaped(value: str) -> str:
    """Return a text for between quotes."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def literal(value: object) -> str:
    """Return a value as SQL writes it."""
    return str(value) if isinstance(value, int | float) else f"'{escaped(str(value))}'"


def repeatable(statement: str) -> str:
    """Return a statement of Django's that leaves alone what exists."""
    made = re.sub(r"^CREATE TABLE (?!IF NOT)", "CREATE TABLE IF NOT EXISTS ", statement)
    made = re.sub(r"^(ALTER TABLE .* ADD CONSTRAINT \S+ FOREIGN KEY) \(", r"\1 IF NOT EXISTS (", made)
    made = re.sub(
        r"^(ALTER TABLE .* ADD) CONSTRAINT (\S+) UNIQUE \(", r"\1 UNIQUE INDEX IF NOT EXISTS \2 (", made
    )
    return re.sub(r"^CREATE OR REPLACE ((?:\w+ )?INDEX)", r"CREATE \1 IF NOT EXISTS", made)


def script_secret(node: NodeName, conf: ClusterConf) -> str:
    """Return an apply secret that each print of the script names alike; only who knows the password can tell it."""
    return hmac.new(conf.cluster.password.encode(), f"apply {node}".encode(), hashlib.sha256).hexdigest()
