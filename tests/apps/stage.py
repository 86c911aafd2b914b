"""The trial project on scratch servers of its own: three nodes, and a plain database beside them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from cluster.local import free_ports
from cluster.local.scratch import memory
from cluster.protocol.names import NodeName
from tests.apps.rows import Compared, rows, tables
from tests.harness import forking
from tests.harness.cluster import Cluster
from tests.harness.programs import Program
from tests.harness.servers import ScratchServers
from tests.harness.site import GUNICORN, answers
from tests.harness.waiting import wait_for

PLAIN = "plain"
"""A database on Node B's server that is no node's: the same server, Django's own backend."""
SERVED = ["tests.apps.wsgi", "--workers", "2", "--threads", "4", "--keep-alive", "60", "--no-control-socket"]
CONTROL = ("migrate", "--database", "control", "--verbosity", "0")
SETTING_UP = 900.0
"""Seconds that a command may take: hundreds of migrations on three nodes, on a busy machine."""


@dataclass
class Stage:
    """The cluster with its programs. url: where the project is served."""

    servers: ScratchServers
    cluster: Cluster
    environment: dict[str, str]
    plain: dict[str, str]
    programs: dict[str, Program] = field(default_factory=dict)
    url: str = ""

    def manage(self, *arguments: str, plain: bool = False, timeout: float = SETTING_UP) -> str:
        """Return what a command of the project said. Raises AssertionError when it fails."""
        environment = self.plain if plain else self.environment
        done = forking.run(arguments, environment, timeout=timeout)
        assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
        return done.stdout

    def start(self, name: str, command: list[str], program: tuple[str, ...] = ()) -> None:
        """Begin a program that runs beside the test."""
        log = self.servers.directory / f"{name}.log"
        self.programs[name] = Program(command, self.environment, log, program)
        self.programs[name].start()

    def serve(self) -> None:
        """Serve the project to browsers, and wait until it answers."""
        port = free_ports(1)[0]
        self.start("web", [*SERVED, "--bind", f"127.0.0.1:{port}"], GUNICORN)
        self.url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{self.url}/admin/login/"), 60)


def environments(servers: ScratchServers, module: str) -> tuple[dict[str, str], dict[str, str]]:
    """Of the project on the cluster, and on the plain database."""
    node = servers.local[NodeName.NODE_B]
    url = f"mysql://{node.admin.user}:{node.admin.password}@127.0.0.1:{node.port}/{PLAIN}"
    media = servers.directory / "media"
    own = servers.environment() | {
        "DJANGO_SETTINGS_MODULE": f"{module}.settings",
        "CONTROL_DATABASE_URL": f"sqlite:///{servers.control}",
        "MEDIA_ROOT": str(media / "cluster"),
    }
    plain = {"DJANGO_SETTINGS_MODULE": f"{module}.plain", "PLAIN_DATABASE_URL": url}
    return own, own | plain | {"MEDIA_ROOT": str(media / "plain")}


@contextmanager
def staged(module: str = "tests.apps") -> Iterator[Stage]:
    """Three new nodes, set up as docs/developers.md says, and the same project on one database."""
    with ExitStack() as ending:
        servers = ScratchServers(memory(), blank=True)
        ending.callback(servers.close)
        conf = ending.enter_context(servers.pointed())
        cluster = Cluster(servers, conf)
        ending.callback(cluster.end)
        stage = Stage(servers, cluster, *environments(servers, module))
        ending.callback(lambda: [program.kill() for program in stage.programs.values()])
        cluster.connect(NodeName.NODE_B, "root").run(f"CREATE DATABASE {PLAIN} CHARACTER SET utf8mb4")
        with forking.begin(("migrate", "--verbosity", "0"), stage.plain) as beside:
            stage.manage(*CONTROL)
            stage.manage("setup_nodes")
            stage.start("replicator", ["replicate"])
            stage.start("monitor", ["monitor"])
            stage.manage("migrate", "--database", "default", "--verbosity", "0")
        assert beside.returncode == 0
        yield stage


def compare(stage: Stage) -> Compared:
    """Read every table of both."""
    plain = stage.cluster.connect(NodeName.NODE_B, "root", timeout=30.0)
    plain.run(f"USE {PLAIN}")
    primary = stage.cluster.connect(NodeName.MAIN, "root", timeout=30.0)
    names = tables(plain)
    return Compared(rows(primary, names), rows(plain, names))
