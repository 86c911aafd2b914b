"""A dump of one node that any MariaDB can take: rows, log and configuration, and no question to another node.

A federated table asks its peer when it is dumped and again when it is restored, the triggers hold the apply secret and
refuse rows, the leases are of the moment: `setup_nodes` makes all these anew.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from cluster.nodes.connection import Connection, Endpoint
from cluster.protocol.errors import NodeFailed

PROGRAM = "mariadb-dump"
OPTIONS = (
    "--single-transaction", "--skip-lock-tables", "--skip-triggers", "--hex-blob", "--no-tablespaces",
    "--default-character-set=utf8mb4", "--max-allowed-packet=1G",
)  # fmt: skip
LEFT_OUT = frozenset({"apply_secret", "inbox", "kernel_object"})
"""What belongs to one installation."""


def kept_tables(connection: Connection) -> list[str]:
    """Return the tables whose rows outlive the server. Asks for the definitions alone, so no peer is asked."""
    rows = connection.rows(
        "SELECT TABLE_NAME FROM information_schema.TABLES"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB' ORDER BY 1"
    )
    return [str(name) for (name,) in rows if name not in LEFT_OUT]


def dump(endpoint: Endpoint, tables: list[str], to: Path) -> None:
    """Write the tables as of one moment to a file that only this user can read; all of it or nothing.

    Raises NodeFailed, OSError.
    """
    partial = to.with_name(f"{to.name}.partial")
    with secret_file(endpoint) as account:
        command = [PROGRAM, f"--defaults-extra-file={account.name}", *OPTIONS, endpoint.database, *tables]
        try:
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False)
            if done.returncode != 0:
                reason = done.stderr.decode(errors="replace").strip()
                raise NodeFailed(endpoint.node, f"{PROGRAM} said: {reason}")
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)


def secret_file(endpoint: Endpoint) -> "tempfile._TemporaryFileWrapper[str]":
    """Return a file with the account, which only this user can read: a command line shows itself to everybody."""
    file = tempfile.NamedTemporaryFile("w", suffix=".cnf")  # noqa: SIM115 - the caller closes it
    password = endpoint.password.replace("\\", "\\\\").replace('"', '\\"')
    file.write(
        f'[client]\nhost="{endpoint.host}"\nport={endpoint.port}\nuser="{endpoint.user}"\npassword="{password}"\n'
    )
    file.flush()
    return file
