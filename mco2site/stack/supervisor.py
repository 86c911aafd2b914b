"""The supervisor of the local stack: starts the programs, restarts what dies, tells what runs."""

import hashlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import ProtocolError, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from cluster.local.files import socket_path, write_private
from cluster.local.processes import send, wait_gone
from mco2site.environment import GIVEN
from mco2site.stack.errors import StackError
from mco2site.stack.programs import Program

MARK = "MCO2_LOCAL_STACK"
START_SECONDS = 30.0
STOP_SECONDS = 60.0

HEAD = """\
; Written by `local_stack up`: changes here are lost.
[supervisord]
directory={base}
logfile={directory}/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile={directory}/supervisord.pid
childlogdir={directory}
{user}
[unix_http_server]
file={socket}
chmod=0600
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """\
[program:{name}]
command={command}
environment={mark}="{directory}"
stdout_logfile={directory}/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
redirect_stderr=true
autorestart=true
startsecs=1
startretries=10
stopasgroup=true
killasgroup=true
stopwaitsecs=10
"""


@dataclass(frozen=True)
class ProgramStatus:
    """A program as the supervisor sees it; `pid` is None unless it runs."""

    name: str
    state: str
    pid: int | None
    seconds: int


class Supervisor:
    """Runs programs from `directory`, which holds its configuration, its logs and its pid file."""

    def __init__(self, directory: Path, base: Path, programs: list[Program]) -> None:
        self.directory = directory.resolve()
        self.base = base
        self.programs = programs
        self.socket = socket_path(self.directory, "supervisor.sock")

    def status(self) -> list[ProgramStatus]:
        """Return the programs of the running supervisor; empty when there is none."""
        try:
            return [_status(info) for info in self._remote().getAllProcessInfo()]
        except (OSError, http.client.HTTPException, ProtocolError):
            return []

    @property
    def running(self) -> bool:
        """Whether the supervisor answers."""
        return bool(self.status())

    def ailing(self) -> list[str]:
        """Return the names of the programs that are not running."""
        running = {status.name for status in self.status() if status.state == "running"}
        return [program.name for program in self.programs if program.name not in running]

    def is_current(self) -> bool:
        """Return whether the running supervisor was started with these programs and this environment."""
        digest = self._digest_file.read_text() if self._digest_file.exists() else ""
        return self.running and digest == self._digest()

    def start(self) -> None:
        """Start the supervisor and its programs, and wait until it answers. Raises StackError."""
        self.end_leftovers()
        self.directory.mkdir(parents=True, exist_ok=True)
        write_private(self._configuration_file, self._configuration())
        write_private(self._digest_file, self._digest())
        command = Path(sys.executable).with_name("supervisord")
        self._run([str(command), "-c", str(self._configuration_file)])
        deadline = time.monotonic() + START_SECONDS
        while not self.running:
            if time.monotonic() > deadline:
                raise StackError(f"The supervisor did not start: see {self.directory}/supervisord.log.")
            time.sleep(0.05)

    def stop(self) -> bool:
        """Stop the programs and the supervisor. Returns whether any of them was running."""
        if not self.running:
            return self.end_leftovers() > 0
        pid = self._remote().getPID()
        self._remote().shutdown()
        if not wait_gone(pid, STOP_SECONDS):
            raise StackError(f"The supervisor (pid {pid}) does not end.")
        return True

    def end_leftovers(self) -> int:
        """End programs whose supervisor was killed. Returns how many there were."""
        left = [pid for pid in psutil.pids() if _mark(pid) == str(self.directory)]
        for pid in left:
            _end(pid)
        return len(left)

    @property
    def _configuration_file(self) -> Path:
        return self.directory / "supervisord.conf"

    @property
    def _digest_file(self) -> Path:
        return self.directory / "digest"

    def _configuration(self) -> str:
        user = "user=root" if os.geteuid() == 0 else ""
        fixed = {"base": self.base, "directory": self.directory, "socket": self.socket}
        sections = [_section(HEAD, **fixed, user=user)]
        for program in self.programs:
            own = {"name": program.name, "command": program.line}
            sections.append(_section(PROGRAM, **own, directory=self.directory, mark=MARK))
        return "".join(sections)

    def _digest(self) -> str:
        """Return what changes with the configuration and with every setting that the programs would read."""
        example = (self.base / ".env.example").read_text()
        names = [line.partition("=")[0] for line in example.splitlines() if not line.startswith("#")]
        values = [f"{name}={os.environ.get(name, '')}" for name in names]
        return hashlib.sha256("\n".join([self._configuration(), *values]).encode()).hexdigest()

    def _run(self, command: list[str]) -> None:
        """Run without what `.env` set in this process: programs read it themselves."""
        result = subprocess.run(
            command, env=GIVEN, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
        if result.returncode:
            raise StackError(f"The supervisor did not start: {result.stderr or result.stdout}")

    def _remote(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def remove(directory: Path) -> None:
    """Remove the supervisor's files."""
    shutil.rmtree(directory, ignore_errors=True)


def _section(template: str, **values: object) -> str:
    """Return a part of the configuration, in which a percent sign is written twice."""
    return template.format(**{name: str(value).replace("%", "%%") for name, value in values.items()})


def _status(info: dict[str, Any]) -> ProgramStatus:
    seconds = info["now"] - info["start"] if info["pid"] else 0
    return ProgramStatus(info["name"], info["statename"].lower(), info["pid"] or None, seconds)


def _mark(pid: int) -> str | None:
    """Return the directory of the stack that a process belongs to; None for any other process."""
    try:
        mark: str | None = psutil.Process(pid).environ().get(MARK)
    except (psutil.Error, OSError):
        return None
    return mark


def _end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        send(pid, number)
        if wait_gone(pid, STOP_SECONDS / 4):
            return
