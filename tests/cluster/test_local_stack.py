"""`make up` and `make down` for real, beside whatever else runs on this machine."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from django.conf import settings

from cluster.local import free_ports
from cluster.local.processes import wait_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PORTS = ("MAIN_PORT", "NODE_A_PORT", "NODE_B_PORT", "BROKER_PORT", "WEB_PORT")
NAMES = (
    "main", "node_a", "node_b", "broker", "web", "replicator", "monitor", "health", "worker", "beat",
)  # fmt: skip
COLUMNS = 5
DATABASES = {"MAIN": "stadvdb-mco2", "NODE_A": "stadvdb-mco2-a", "NODE_B": "stadvdb-mco2-b"}


class Stack:
    """A local stack with its own directory, ports and passwords. The sample counts as loaded."""

    def __init__(self, var):
        self.var = var
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.env = os.environ | self._own()
        (var / "nodes").mkdir(parents=True)
        (var / "nodes" / "sample-loaded").touch()

    def _own(self) -> dict[str, str]:
        urls = {
            f"{name}_DATABASE_URL": f"mysql://mco2_app:a@127.0.0.1:{self.ports[f'{name}_PORT']}/{db}"
            for name, db in DATABASES.items()
        }
        fixed = {"VAR_DIR": str(self.var), "CONTROL_DATABASE_URL": "", "LOCAL_BUFFER_POOL": "32M"}
        accounts = {"CLUSTER_ADMIN_USER": "mco2_admin", "CLUSTER_ADMIN_PASSWORD": "b"}
        ports = {name: str(port) for name, port in self.ports.items()}
        return urls | fixed | accounts | ports | {"ADMIN_PASSWORD": "correct horse"}

    def run(self, verb: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "local_stack", verb]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.env, capture_output=True, text=True, timeout=120
        )

    def states(self) -> dict[str, str]:
        """Return the state of each node and program, out of the table."""
        rows = [line.split("│") for line in self.run("status").stdout.splitlines()]
        return {row[1].strip(): row[2].strip() for row in rows if len(row) == COLUMNS + 2}

    def pids(self) -> dict[str, int]:
        """Return the pid that each node and the supervisor left in its file."""
        files = [*self.var.glob("nodes/*/*.pid"), *self.var.glob("stack/*.pid")]
        return {str(file): int(file.read_text()) for file in files}

    def get(self, path: str) -> int:
        url = f"http://127.0.0.1:{self.ports['WEB_PORT']}{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status


@pytest.fixture
def stack(tmp_path):
    """Give a stack that was never up."""
    made = Stack(tmp_path / "var")
    yield made
    made.run("down")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Give a stack that is up; taken down at the end, which must end everything."""
    made = Stack(tmp_path_factory.mktemp("stack") / "var")
    up = made.run("up")
    assert up.returncode == 0, up.stderr
    assert "Password correct horse" in up.stdout
    yield made
    assert made.run("down").returncode == 0
    assert set(made.states().values()) == {"stopped"}


def test_everything_runs(running):
    assert running.states() == dict.fromkeys(NAMES, "running")
    assert (running.get("/readyz"), running.get("/admin/login/")) == (200, 200)
    assert running.get("/static/admin/css/base.css") == 200


def test_a_second_up_changes_nothing(running):
    before = running.pids()
    assert running.run("up").returncode == 0
    assert running.pids() == before


def test_programs_whose_supervisor_was_killed_are_replaced(running):
    pid = int(running.var.joinpath("stack", "supervisord.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    assert wait_gone(pid, 5)
    up = running.run("up")
    assert up.returncode == 0, up.stderr
    assert running.get("/readyz") == 200


def test_a_taken_port_starts_nothing(stack):
    with socket.create_server(("127.0.0.1", stack.ports["WEB_PORT"])):
        up = stack.run("up")
    assert up.returncode == 1
    assert up.stderr == (
        f"CommandError: Port {stack.ports['WEB_PORT']} of web is taken by another program: "
        "set WEB_PORT to a free port, or stop that program.\n"
    )
    assert set(stack.states().values()) == {"missing", "stopped"}


def test_what_was_started_is_stopped_when_a_later_step_fails(stack):
    stack.env["ADMIN_PASSWORD"] = ""
    up = stack.run("up")
    assert up.returncode == 1
    assert "ADMIN_PASSWORD is not set" in up.stderr
    assert set(stack.states().values()) == {"stopped"}


def test_clean_removes_the_directory(stack):
    assert stack.run("clean").returncode == 0
    assert not stack.var.exists()
