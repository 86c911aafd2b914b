"""One private server: made, started, stopped, killed, frozen."""

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import MySQLdb

from cluster.conf import Account
from cluster.local import files, processes
from cluster.local.errors import (
    DiskFullError,
    LocalNodeError,
    NotInitialisedError,
    NotRunningError,
    PortTakenError,
    StartFailedError,
)
from cluster.local.ports import LOOPBACK, is_taken
from cluster.local.programs import program
from cluster.local.template import copy_template, locked
from cluster.protocol.names import NodeName

NEEDED_MB = 300
START_SECONDS = 30.0
STOP_SECONDS = 20.0
SIGNAL_SECONDS = 5.0
TAIL_LINES = 12
ACCESS_DENIED = 1045


class NodeState(StrEnum):
    """What a private server is doing."""

    MISSING = "missing"
    STOPPED = "stopped"
    RUNNING = "running"
    FROZEN = "frozen"


@dataclass(frozen=True)
class NodeStatus:
    """A private server as it was a moment ago; `pid` is None unless it is running or frozen."""

    name: NodeName
    state: NodeState
    port: int
    pid: int | None
    directory: Path


@dataclass(frozen=True)
class LocalNode:
    """A private mariadbd with all its files in `directory`, listening on 127.0.0.1:`port`.

    Every verb may be repeated, and raises LocalNodeError with a sentence when it cannot be done.
    `templates` is where the empty data directory is kept that new nodes are copied from.
    """

    name: NodeName
    port: int
    directory: Path
    database: str
    admin: Account
    templates: Path
    buffer_pool: str = "256M"

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", self.directory.resolve())

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def pid_file(self) -> Path:
        """The file in which the server leaves its pid."""
        return self.directory / "mariadbd.pid"

    @property
    def error_log(self) -> Path:
        """The server's log of errors and warnings."""
        return self.directory / "error.log"

    @property
    def socket(self) -> Path:
        """The server's unix socket, through which the user who runs it is root."""
        return files.socket_path(self.directory)

    @property
    def pid(self) -> int | None:
        """The pid of the running (or frozen) server, or None."""
        return processes.find_server(self.data, self.pid_file)

    def status(self) -> NodeStatus:
        """Return what the server is doing, without asking it."""
        pid = self.pid
        if pid is not None:
            state = NodeState.FROZEN if processes.is_stopped(pid) else NodeState.RUNNING
        else:
            state = NodeState.STOPPED if self.data.exists() else NodeState.MISSING
        return NodeStatus(self.name, state, self.port, pid, self.directory)

    def init(self) -> bool:
        """Make the data directory. Returns whether there was none."""
        with self._locked():
            if self.data.exists():
                return False
            self._check_disk()
            copy_template(self.templates, self.data)
            return True

    def start(self, seconds: float = START_SECONDS) -> bool:
        """Start the server and wait until it answers. Returns whether it was down.

        Raises PortTakenError, NotInitialisedError, DiskFullError, StartFailedError.
        """
        with self._locked():
            if (pid := self.pid) is not None:
                self._await_answer(pid, seconds, log_from=0)
                return False
            self._await_dying()
            self._check_start()
            self._write_files()
            log_from = self.error_log.stat().st_size if self.error_log.exists() else 0
            pid = processes.spawn(self._command(), self.error_log)
            self._await_answer(pid, seconds, log_from)
            return True

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Shut down cleanly, or kill when the time is over. Returns whether it was up."""
        with self._locked():
            pid = self.pid
            if pid is None:
                return False
            processes.send(pid, signal.SIGTERM)
            processes.send(pid, signal.SIGCONT)
            if not processes.wait_gone(pid, seconds):
                self._kill(pid)
            return True

    def kill(self) -> bool:
        """End the server as a power cut would (SIGKILL). Returns whether it was up."""
        pid = self.pid
        if pid is None:
            return False
        self._kill(pid)
        return True

    def freeze(self) -> None:
        """Stop the process in its tracks (SIGSTOP): connections stay open and nothing answers."""
        self._pause(signal.SIGSTOP, "freeze", stopped=True)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self._pause(signal.SIGCONT, "resume", stopped=False)

    def check_port(self) -> None:
        """Raise PortTakenError when somebody else listens on the port."""
        if self.pid is None and is_taken(self.port):
            raise PortTakenError(self.name.label, self.port, f"{self.name.upper()}_PORT")

    def moved(self, port: int) -> "LocalNode":
        """Return the same server on another port, from its next start on."""
        return replace(self, port=port)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with locked(self.directory / "lock"):
            yield

    def _command(self) -> list[str]:
        """Return the command line. Its data directory is how the process is recognised later."""
        configuration = self.directory / "my.cnf"
        return [program("mariadbd"), f"--defaults-file={configuration}", f"--datadir={self.data}"]

    def _check_start(self) -> None:
        if not self.data.exists():
            raise NotInitialisedError(self.name.label)
        self.check_port()
        self._check_disk()

    def _check_disk(self) -> None:
        free_mb = shutil.disk_usage(self.directory).free // 2**20
        if free_mb < NEEDED_MB:
            raise DiskFullError(self.name.label, self.directory, free_mb, NEEDED_MB)

    def _write_files(self) -> None:
        text = files.configuration(self.directory, self.port, self.buffer_pool)
        files.write_private(self.directory / "my.cnf", text)
        (self.directory / "tmp").mkdir(mode=0o700, exist_ok=True)
        text = files.first_statements(self.database, self.admin.user, self.admin.password)
        files.write_private(self.directory / "init.sql", text)

    def _await_dying(self) -> None:
        """Wait for a server killed a moment ago: its last threads still hold port and data."""
        pid = processes.read_pid(self.pid_file)
        if pid is not None and processes.is_dying(pid):
            processes.wait_gone(pid, SIGNAL_SECONDS)

    def _await_answer(self, pid: int, seconds: float, log_from: int) -> None:
        deadline = time.monotonic() + seconds
        while not self.answers():
            if processes.is_gone(pid):
                raise self._failure("ended while it was starting", log_from)
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {seconds:g} seconds", log_from)
            time.sleep(processes.POLL_SECONDS)

    def answers(self, seconds: int = 1) -> bool:
        """Return whether the server takes connections. One that refuses the password answers too."""
        timeouts = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)
        try:
            MySQLdb.connect(
                host=LOOPBACK,
                port=self.port,
                user=self.admin.user,
                password=self.admin.password,
                **timeouts,
            ).close()
        except MySQLdb.OperationalError as error:
            return error.args[0] == ACCESS_DENIED
        return True

    def _failure(self, what: str, log_from: int) -> StartFailedError:
        with self.error_log.open(errors="replace") as log:
            log.seek(log_from)
            lines = log.read().splitlines()
        reporting_steps = [line for line in lines if "[ERROR]" in line] or lines
        tail = "\n".join(reporting_steps[-TAIL_LINES:])
        return StartFailedError(self.name.label, what, self.error_log, tail)

    def _kill(self, pid: int) -> None:
        processes.send(pid, signal.SIGKILL)
        if not processes.wait_gone(pid, SIGNAL_SECONDS):
            raise LocalNodeError(f"{self.name.label} (pid {pid}) does not end; its disk may hang.")

    def _pause(self, number: signal.Signals, verb: str, *, stopped: bool) -> None:
        pid = self.pid
        if pid is None:
            raise NotRunningError(self.name.label, verb)
        processes.send(pid, number)
        if not processes.wait_state(pid, stopped, SIGNAL_SECONDS):
            raise LocalNodeError(f"{self.name.label} (pid {pid}) did not {verb}.")
