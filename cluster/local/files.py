"""The files of a private server: its configuration, its first statements, its socket."""

import getpass
import hashlib
import os
import tempfile
from pathlib import Path
from string import Template

from cluster.nodes.schema.collations import LINGUISTIC

# What sockaddr_un holds, less the closing zero.
LONGEST_SOCKET_PATH = 107

SHARED_CONFIGURATION = Path(__file__).resolve().parent.parent / "nodes" / "server.cnf"
"""What every node is configured with, also those that run elsewhere."""

CONFIGURATION = Template(
    """\
# Written at each start by `local_nodes`: changes here are lost.
[mariadbd]
$user
datadir = $directory/data
# Its own: a server that starts removes the temporary tables of all others from a shared one.
tmpdir = $directory/tmp
pid-file = $directory/mariadbd.pid
log-error = $directory/error.log
init-file = $directory/init.sql
socket = $socket
bind-address = 127.0.0.1
port = $port
innodb-buffer-pool-size = $buffer_pool

!include $shared
"""
)

# Runs at each start, before the server takes connections: every statement may be repeated.
FIRST_STATEMENTS = Template(
    """\
CREATE DATABASE IF NOT EXISTS `$database` CHARACTER SET utf8mb4 COLLATE $collation;
CREATE USER IF NOT EXISTS `$admin`@`%`;
ALTER USER `$admin`@`%` IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON *.* TO `$admin`@`%` WITH GRANT OPTION;
"""
)


def socket_path(directory: Path, name: str = "mariadbd.sock") -> Path:
    """Return a unix socket in the directory, or under a short name in /tmp where that path is too long."""
    path = directory / name
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mco2-{digest}.sock"


def configuration(directory: Path, port: int, buffer_pool: str) -> str:
    """Return the text of my.cnf. MariaDB refuses to run as root unless it is configured."""
    return CONFIGURATION.substitute(
        user="user = root" if os.geteuid() == 0 else "",
        directory=directory,
        socket=socket_path(directory),
        port=port,
        buffer_pool=buffer_pool,
        shared=SHARED_CONFIGURATION,
    )


def first_statements(database: str, admin: str, password: str) -> str:
    """Return SQL that makes the database and the administrator's account."""
    return FIRST_STATEMENTS.substitute(
        database=database.replace("`", "``"),
        collation=LINGUISTIC,
        admin=admin.replace("`", "``"),
        password=password.replace("\\", "\\\\").replace("'", "''"),
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


def current_user() -> str:
    """Return the system's name of the user who runs the servers."""
    return getpass.getuser()
