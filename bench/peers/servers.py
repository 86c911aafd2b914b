"""MariaDB servers as others run them: one alone, lossless semi-synchronous replication, Galera."""

import glob
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import MySQLdb

from cluster.local import free_ports
from cluster.local.template import copy_template

MARIADBD = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mariadbd"
START_SECONDS, JOIN_SECONDS = 60.0, 120.0
PROVIDERS = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")
DATABASE = "peers"
# As the nodes of the cluster are configured (cluster/nodes/server.cnf), as far as it bears on speed.
COMMON = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=128M",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-autoinc-lock-mode=2",
    "--max-connections=200",
    "--character-set-server=utf8mb4",
)
BINLOG = ("--log-bin=binlog", "--sync-binlog=1", "--binlog-format=ROW", "--gtid-strict-mode=1")
SOURCE = (
    "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
    "--rpl-semi-sync-master-timeout=30000",
)
REPLICA = (
    "--rpl-semi-sync-slave-enabled=1",
    "--relay-log=relay",
    "--skip-log-slave-updates",
    "--read-only=1",
)


class PeerError(Exception):
    """A server for comparison did not start, or did not join the others: its last log lines."""


@dataclass
class Server:
    """One server of its own: root of its socket is whoever runs it."""

    directory: Path
    port: int
    options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def socket(self) -> str:
        """Return its unix socket."""
        return str(self.directory / "s")

    @property
    def pid(self) -> int:
        """Return the pid of its process."""
        return self.process.pid if self.process else 0

    def start(self, templates: Path, seconds: float = START_SECONDS, extra: Sequence[str] = ()) -> None:
        """Start it on an empty data directory. Raises PeerError."""
        self.directory.mkdir(parents=True)
        copy_template(templates, self.directory / "data")
        places = [f"--datadir={self.directory / 'data'}", f"--socket={self.socket}", f"--port={self.port}"]
        # Root's servers run as Debian's own user: the program with which Galera sends its data gives root's rights up.
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        if user:
            subprocess.run(["chown", "-R", "mysql", self.directory], check=True)
        with (self.directory / "error.log").open("wb") as log:
            self.process = subprocess.Popen(
                [MARIADBD, *COMMON, *places, *user, *self.options, *extra],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(MySQLdb.Error):
                self.rows("SELECT 1")
                return
            time.sleep(0.1)
        self.fail("did not start")

    def fail(self, what: str) -> None:
        """Say why. Raises PeerError."""
        lines = (self.directory / "error.log").read_text(errors="replace").splitlines()
        raise PeerError("\n".join([f"{self.directory.name} {what}:", *lines[-40:]]))

    def rows(self, *statements: str, database: str = "") -> list[tuple[object, ...]]:
        """Run statements; return the rows of the last."""
        session = MySQLdb.connect(
            unix_socket=self.socket, user="root", database=database, autocommit=True, connect_timeout=5
        )
        try:
            cursor = session.cursor()
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())
        finally:
            session.close()

    def stop(self) -> None:
        """End it: nothing of it is kept."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Group:
    """Servers that hold the same rows. The first takes the writes."""

    name: str
    servers: list[Server]

    @property
    def primary(self) -> Server:
        """Return the one that takes the writes."""
        return self.servers[0]

    def fill(self, table: str, rows: Sequence[str]) -> None:
        """Make the table, and run what puts rows into it."""
        self.primary.rows(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        self.primary.rows(table, *rows, database=DATABASE)

    def stop(self) -> None:
        """End all."""
        for server in self.servers:
            server.stop()


def made(directory: Path, name: str, options: Sequence[Sequence[str]]) -> Group:
    """Return servers that are not started yet, one for each list of options."""
    ports = free_ports(len(options))
    servers = [
        Server(directory / f"{name}{number}", port, own)
        for number, (port, own) in enumerate(zip(ports, options, strict=True))
    ]
    return Group(name, servers)


@contextmanager
def ended_on_failure(group: Group) -> Iterator[Group]:
    """End what has started when the rest does not."""
    try:
        yield group
    except BaseException:
        group.stop()
        raise


def plain(directory: Path, templates: Path) -> Group:
    """Start one server by itself, without a binary log, as durable as the others."""
    with ended_on_failure(made(directory, "plain", [["--skip-log-bin"]])) as group:
        group.primary.start(templates)
    return group


def semi_sync(directory: Path, templates: Path) -> Group:
    """Start a source that waits before the commit until one of two replicas has the transaction. Raises PeerError."""
    options = [[*BINLOG, *SOURCE], [*BINLOG, *REPLICA], [*BINLOG, *REPLICA]]
    with ended_on_failure(
        made(directory, "semisync", [[*own, f"--server-id={n}"] for n, own in enumerate(options, 1)])
    ) as group:
        for server in group.servers:
            server.start(templates)
        # The template's own statements are not replicated: the replicas have them.
        (position,) = group.primary.rows("SELECT @@gtid_binlog_pos")[0]
        group.primary.rows(
            "CREATE USER 'repl'@'%' IDENTIFIED BY 'repl'", "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'"
        )
        for replica in group.servers[1:]:
            replica.rows(
                f"SET GLOBAL gtid_slave_pos = '{position}'",
                f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {group.primary.port}, MASTER_USER = 'repl',"
                " MASTER_PASSWORD = 'repl', MASTER_USE_GTID = slave_pos",
                "START SLAVE",
            )
        group.primary.rows("SET GLOBAL rpl_semi_sync_master_enabled = 1")
        await_true(
            group.primary, "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'", "2", "has no two replicas"
        )
    return group


def sync_relay_log(group: Group, every: int) -> None:
    """Let replicas force each `every`th event of their relay log to the disk before they answer."""
    for replica in group.servers[1:]:
        replica.rows(f"SET GLOBAL sync_relay_log = {every}")


def galera(directory: Path, templates: Path) -> Group | None:
    """Start three nodes of Galera, None where its library is not installed. Raises PeerError."""
    provider = next((path for pattern in PROVIDERS for path in glob.glob(pattern)), None)
    if provider is None:
        return None
    own = free_ports(9)
    nodes = [own[n : n + 3] for n in (0, 3, 6)]
    addresses = ",".join(f"127.0.0.1:{base}" for base, _, _ in nodes)
    options = [
        [
            "--binlog-format=ROW",
            "--wsrep-on=ON",
            f"--wsrep-provider={provider}",
            f"--wsrep-cluster-address=gcomm://{addresses}",
            f"--wsrep-node-address=127.0.0.1:{base}",
            f"--wsrep-node-name=node{number}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{sst}",
            f"--wsrep-provider-options=base_port={base};ist.recv_addr=127.0.0.1:{ist};gcache.size=64M",
        ]
        for number, (base, sst, ist) in enumerate(nodes)
    ]
    with ended_on_failure(made(directory, "galera", options)) as group:
        for number, server in enumerate(group.servers):
            server.start(templates, JOIN_SECONDS, ["--wsrep-new-cluster"] if number == 0 else [])
        await_true(group.primary, "SHOW STATUS LIKE 'wsrep_cluster_size'", "3", "has no two others")
    return group


def await_true(server: Server, question: str, answer: str, what: str) -> None:
    """Wait until a status variable has a value. Raises PeerError."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.rows(question)[0][1] == answer:
            return
        time.sleep(0.1)
    server.fail(what)
