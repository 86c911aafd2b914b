"""`manage.py` in processes of their own, forked from one that has imported Django already.

To import it takes a second of a processor, and the suite runs hundreds of commands. What is begun here is a child of
this process, with an environment, streams, signals and an exit code of its own, as if it had been begun by hand.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_SERVERS = 2
"""Environments for which one is kept: nearly all commands of a session share one."""
OWN_VARIABLES = ("PYTEST_",)
"""What the test runner changes from test to test, and no command reads."""
START_SECONDS = 60.0
PR_SET_CHILD_SUBREAPER = 36


class ForkServer:
    """A process that has loaded Django with one environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._channel.settimeout(START_SECONDS)
        self.ready = self._channel.recv(16) == b"ready"
        """False where Django does not load: a command will say why, as it does to anybody."""

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int], dies: bool
    ) -> int:
        """Begin a command with these streams; its pid. It is a child of this process."""
        request = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "owner": os.getpid(),
            "dies_with_owner": dies,
        }
        with self._lock, adopting():
            socket.send_fds(self._channel, [json.dumps(request).encode()], list(streams))
            return int(self._channel.recv(16))

    def close(self) -> None:
        """End the server; the commands that it began go on."""
        self._channel.close()
        self._process.wait(START_SECONDS)


@contextmanager
def adopting() -> Iterator[None]:
    """Let this process get the children of its descendants that end: the one that a server has forked."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


class Forked(subprocess.Popen[Any]):
    """A `manage.py` that a server forks. Takes the streams that Popen takes; args: those after `manage.py`."""

    def __init__(
        self, server: ForkServer, args: Sequence[str], *, dies_with_owner: bool = False, **options: Any
    ) -> None:
        self._server, self._dies = server, dies_with_owner
        super().__init__(args, **options)

    def _execute_child(  # type: ignore[override]
        self,
        args: Sequence[str],
        _executable: object,
        _preexec_fn: object,
        _close_fds: object,
        _pass_fds: object,
        _cwd: object,
        env: Mapping[str, str],
        _startupinfo: object,
        _creationflags: object,
        _shell: object,
        *pipes_and_more: int,
    ) -> None:
        """Begin the process: all that Popen does in another way for a program that it starts itself."""
        p2cread, _, _, c2pwrite, _, errwrite, *_ = pipes = pipes_and_more[:6]
        streams = [given if given >= 0 else own for own, given in enumerate((p2cread, c2pwrite, errwrite))]
        try:
            self.pid = self._server.fork(args, env, streams, self._dies)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


_servers: dict[tuple[tuple[str, str], ...], ForkServer] = {}
_guard = threading.Lock()


def begin(
    arguments: Sequence[str], environment: Mapping[str, str], *, dies_with_owner: bool = False, **options: Any
) -> subprocess.Popen[Any]:
    """Begin `manage.py` with these arguments. options: as Popen has them."""
    server = _server_of(environment)
    if server.ready:
        return Forked(server, arguments, dies_with_owner=dies_with_owner, env=environment, **options)
    return subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, **options)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, timeout: float, input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` to its end, as subprocess.run does, with what it wrote. Raises TimeoutExpired."""
    pipe = subprocess.PIPE
    stdin = pipe if input is not None else subprocess.DEVNULL
    with begin(arguments, environment, stdin=stdin, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            written, problem = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, written, problem)


def _server_of(environment: Mapping[str, str]) -> ForkServer:
    key = tuple(
        sorted((name, value) for name, value in environment.items() if not name.startswith(OWN_VARIABLES))
    )
    with _guard:
        server = _servers.pop(key, None) or ForkServer(environment)
        _servers[key] = server  # the one that was used last stands last
        while len(_servers) > MOST_SERVERS:
            _servers.pop(next(iter(_servers))).close()
        return server


def close() -> None:
    """End all servers."""
    with _guard:
        while _servers:
            _servers.popitem()[1].close()
