"""Server processes: found by the data they serve, never by their number alone."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
SERVERS = (b"mariadbd", b"mysqld")
POLL_SECONDS = 0.01


def find_server(data: Path, pid_file: Path) -> int | None:
    """The pid of the server that runs on this data directory.

    The pid file is only a hint: it may be stale, and its number somebody else's by now.
    """
    hint = read_pid(pid_file)
    if hint is not None and serves(hint, data):
        return hint
    return next((pid for pid in _pids() if serves(pid, data)), None)


def read_pid(pid_file: Path) -> int | None:
    """The number in a pid file, or None when there is none."""
    try:
        return int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def serves(pid: int, data: Path) -> bool:
    """Whether the process is a MariaDB server whose command line names this data directory."""
    try:
        arguments = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    is_server = arguments[0].rpartition(b"/")[2] in SERVERS
    return is_server and b"--datadir=" + os.fsencode(data) in arguments


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def state(pid: int) -> str:
    """The kernel's letter for the process (`T` stopped, `Z` ended); empty when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def is_dying(pid: int) -> bool:
    """Whether the process is a server that has given its memory back and is about to be gone."""
    try:
        name = (PROC / str(pid) / "comm").read_bytes().strip()
        return name in SERVERS and not (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def is_gone(pid: int) -> bool:
    """Whether every thread has ended, and let go of ports and files. Collects our own child."""
    with suppress(ChildProcessError):  # started by an earlier command: somebody else collects it
        os.waitpid(pid, os.WNOHANG)
    letter = state(pid)
    return not letter or (letter == "Z" and _threads(pid) <= 1)


def _threads(pid: int) -> int:
    try:
        return len(list((PROC / str(pid) / "task").iterdir()))
    except OSError:
        return 0


def wait_gone(pid: int, seconds: float) -> bool:
    """Whether the process ended within the time."""
    deadline = time.monotonic() + seconds
    while not is_gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def wait_state(pid: int, stopped: bool, seconds: float) -> bool:
    """Whether the process stopped (or went on) in time: signals arrive a moment later."""
    deadline = time.monotonic() + seconds
    while (state(pid) == "T") is not stopped:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that ended meanwhile is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def spawn(command: list[str], log: Path, directory: Path | None = None) -> int:
    """Start a program that outlives this one and its terminal, in a directory. Returns its pid.

    It gets none of our open files: a server that kept a client's connection open would keep that client's
    transaction and its locks, too.
    """
    with log.open("ab") as output:
        log.chmod(0o600)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            start_new_session=True,
        )
    process.returncode = 0  # nobody waits for it here: is_gone() collects it
    return process.pid
