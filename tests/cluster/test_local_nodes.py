"""Private servers, for real: made, started, killed, frozen, moved."""

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import MySQLdb
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from cluster.conf import Account, conf
from cluster.local import LocalNode, LocalNodeError, NodeState, free_ports, scratch_nodes
from cluster.local import node as node_module
from cluster.local.group import each
from cluster.protocol.names import NodeName

ADMIN = Account("mco2_admin", "it's \\ secret")
TEMPLATES = settings.VAR_DIR / "template"


@pytest.fixture
def node(tmp_path):
    """Give a node without data; ended after the test."""
    made = LocalNode(
        name=NodeName.MAIN,
        port=free_ports(1)[0],
        directory=tmp_path / "main",
        database="stadvdb-mco2",
        admin=ADMIN,
        templates=TEMPLATES,
        buffer_pool="32M",
    )
    yield made
    made.kill()


@pytest.fixture
def running(node):
    node.init()
    node.start()
    return node


def connect(node: LocalNode, seconds: int = 5, **more):
    return MySQLdb.connect(
        host="127.0.0.1",
        port=node.port,
        user=node.admin.user,
        password=node.admin.password,
        connect_timeout=seconds,
        read_timeout=seconds,
        **more,
    )


def value(node: LocalNode, sql: str):
    connection = connect(node, database=node.database)
    try:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0]
    finally:
        connection.close()


def test_init_and_start_make_a_server_with_database_and_administrator(node):
    assert node.status().state is NodeState.MISSING
    assert node.init()
    assert node.status().state is NodeState.STOPPED
    assert node.start()
    assert node.status().state is NodeState.RUNNING
    assert int(node.pid_file.read_text()) == node.status().pid
    assert value(node, "SELECT DATABASE()") == "stadvdb-mco2"
    assert "WITH GRANT OPTION" in value(node, "SHOW GRANTS")


def test_the_server_keeps_what_it_committed_and_ends_every_wait(running):
    expected = {
        "innodb_flush_log_at_trx_commit": 1,
        "log_bin": 0,
        "net_read_timeout": 2,
        "init_connect": "SET SESSION net_read_timeout = 30",
        "event_scheduler": "ON",
        "character_set_server": "utf8mb4",
        "bind_address": "127.0.0.1",
        "tmpdir": str(running.directory / "tmp"),
    }
    found = {name: value(running, f"SELECT @@global.{name}") for name in expected}
    assert found == expected
    assert (
        value(running, "SELECT support FROM information_schema.engines WHERE engine = 'FEDERATED'") == "YES"
    )


def test_every_verb_may_be_repeated(node):
    assert [node.init(), node.init()] == [True, False]
    assert [node.start(), node.start()] == [True, False]
    assert [node.stop(), node.stop()] == [True, False]
    assert node.kill() is False


def test_a_killed_server_starts_again_with_its_data(running):
    value(running, "SELECT 1")
    connection = connect(running, database=running.database)
    connection.cursor().execute("CREATE TABLE kept (id INT PRIMARY KEY)")
    connection.cursor().execute("INSERT INTO kept VALUES (7)")
    connection.commit()
    pid = running.status().pid
    assert running.kill()
    assert running.status().state is NodeState.STOPPED
    assert running.start()
    assert running.status().pid != pid
    assert value(running, "SELECT id FROM kept") == 7


def test_a_server_killed_from_outside_starts_again_at_once(running):
    os.kill(running.status().pid, signal.SIGKILL)
    while running.pid is not None:
        time.sleep(0.001)
    assert running.start()


def test_a_frozen_server_makes_clients_wait_until_their_deadline(running):
    running.freeze()
    assert running.status().state is NodeState.FROZEN
    began = time.monotonic()
    with pytest.raises(MySQLdb.OperationalError):
        connect(running, seconds=1)
    assert 0.9 < time.monotonic() - began < 3
    running.resume()
    assert running.status().state is NodeState.RUNNING
    assert value(running, "SELECT 1") == 1


def test_a_frozen_server_can_be_stopped(running):
    running.freeze()
    assert running.stop()
    assert running.status().state is NodeState.STOPPED


def test_freezing_what_does_not_run_is_refused(node):
    with pytest.raises(LocalNodeError, match="Main is not running, so there is nothing to freeze"):
        node.freeze()


def test_a_taken_port_is_named_before_anything_starts(node):
    node.init()
    taken = socket.create_server(("127.0.0.1", node.port))
    with taken, pytest.raises(LocalNodeError) as refused:
        node.start()
    assert str(refused.value) == (
        f"Port {node.port} of Main is taken by another program: "
        "set MAIN_PORT to a free port, or stop that program."
    )
    assert not node.error_log.exists()


def test_a_pid_file_of_somebody_elses_process_is_not_believed(node):
    node.init()
    other = subprocess.Popen(["sleep", "60"])
    try:
        node.pid_file.write_text(f"{other.pid}\n")
        assert node.status().state is NodeState.STOPPED
        assert node.kill() is False
        assert node.stop() is False
        assert node.start()
        assert node.stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_keeps_nobodys_connection_open(node):
    """A client that hangs up while its node is started is heard to hang up."""
    node.init()
    ours, theirs = socket.socketpair()
    theirs.set_inheritable(True)
    node.start()
    theirs.close()
    ours.settimeout(5)
    with ours:
        assert ours.recv(1) == b""


def test_a_server_without_its_pid_file_is_found(running):
    pid = running.status().pid
    running.pid_file.unlink()
    assert running.status().pid == pid
    assert running.start() is False


def test_an_interrupted_init_is_done_again(node):
    (node.directory / "data.partial").mkdir(parents=True)
    (node.directory / "data.partial" / "ibdata1").write_bytes(b"half")
    assert node.status().state is NodeState.MISSING
    assert node.init()
    assert node.start()


def test_start_without_data_is_refused(node):
    with pytest.raises(LocalNodeError, match="Main has no data yet: `local_nodes init` makes it"):
        node.start()


def test_a_server_that_dies_at_start_shows_its_log(node):
    node.init()
    (node.data / "ibdata1").write_bytes(b"not a tablespace")
    with pytest.raises(LocalNodeError, match=r"(?s)Main ended while it was starting.*\[ERROR\]"):
        node.start()
    assert node.status().state is NodeState.STOPPED


def test_a_full_disk_is_named(node, monkeypatch):
    monkeypatch.setattr(node_module, "NEEDED_MB", 10**9)
    with pytest.raises(LocalNodeError, match=r"Main needs 1000000000 MB in .*: make room"):
        node.init()
    assert node.status().state is NodeState.MISSING


def test_a_server_moves_to_another_port(running):
    running.stop()
    moved = replace(running, port=free_ports(1)[0])
    moved.start()
    assert value(moved, "SELECT @@port") == moved.port


def test_a_long_path_gets_a_short_socket(tmp_path, node):
    deep = replace(node, directory=tmp_path / ("d" * 60) / ("e" * 60))
    deep.init()
    try:
        assert deep.start()
        assert len(str(deep.socket)) < 108
    finally:
        deep.stop()


def test_a_server_outlives_the_command_that_started_it(node):
    """It leads a session of its own: a terminal that closes does not take it along."""
    node.init()
    node.start()
    assert os.getsid(node.status().pid) == node.status().pid != os.getsid(0)


def test_three_scratch_nodes_start_quickly(tmp_path):
    began = time.monotonic()
    nodes = scratch_nodes(tmp_path, TEMPLATES)
    seconds = time.monotonic() - began
    try:
        assert {value(node, "SELECT DATABASE()") for node in nodes.values()} == {
            "stadvdb-mco2",
            "stadvdb-mco2-a",
            "stadvdb-mco2-b",
        }
        assert seconds < 20
    finally:
        each(nodes.values(), LocalNode.kill)


class TestCommand:
    """`manage.py local_nodes` on nodes in a scratch directory."""

    @pytest.fixture(autouse=True)
    def scratch(self, settings, tmp_path, monkeypatch):
        for name, port in zip(NodeName, free_ports(3), strict=True):
            monkeypatch.setitem(settings.DATABASES[name], "HOST", "127.0.0.1")
            monkeypatch.setitem(settings.DATABASES[name], "PORT", port)
        settings.VAR_DIR = Path(tmp_path)
        settings.LOCAL_BUFFER_POOL = "32M"
        settings.CLUSTER_ADMIN_USER = "mco2_admin"
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        (tmp_path / "template").symlink_to(TEMPLATES)
        conf.cache_clear()
        yield
        self.run("kill")
        monkeypatch.undo()
        conf.cache_clear()

    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("local_nodes", *arguments, stdout=out)
        return out.getvalue()

    def states(self) -> list[str]:
        return [node["state"] for node in json.loads(self.run("status", "--json")).values()]

    def test_without_a_node_all_are_meant(self):
        assert self.run("init").count("has a new, empty data directory.") == 3
        assert "Node B started on port" in self.run("start")
        assert self.states() == ["running", "running", "running"]
        assert self.run("stop", "node_a") == "Node A stopped.\n"
        assert self.states() == ["running", "stopped", "running"]
        assert "frozen" in self.run("freeze", "main")
        assert self.states() == ["frozen", "stopped", "running"]

    def test_a_failure_of_one_node_is_said_and_the_others_go_on(self, settings):
        self.run("init")
        taken = socket.create_server(("127.0.0.1", settings.DATABASES["node_a"]["PORT"]))
        with taken, pytest.raises(CommandError, match=r"of Node A is taken.*NODE_A_PORT"):
            self.run("start")
        assert self.states() == ["running", "stopped", "running"]

    def test_an_unknown_node_is_wrong_usage(self):
        with pytest.raises(CommandError, match="NODE"):
            self.run("stop", "node_c")

    def test_nodes_elsewhere_are_left_alone(self, settings, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setitem(settings.DATABASES["main"], "HOST", "db1.example")
            conf.cache_clear()
            with pytest.raises(CommandError, match=r"Main is at db1\.example, not on this machine"):
                self.run("start")
        conf.cache_clear()
