"""Server processes: found by the data they serve, never by their number alone."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

SERVERS = ("mariadbd", "mysqld")
POLL_SECONDS = 0.01


def find_server(data: Path, pid_file: Path) -> int | None:
    """Return the pid of the server that runs on this data directory.

    The pid file is only a hint: it may be stale, and its number somebody else's by now.
    """
    hint = read_pid(pid_file)
    if hint is not None and serves(hint, data):
        return hint
    return next((pid for pid in psutil.pids() if serves(pid, data)), None)


def read_pid(pid_file: Path) -> int | None:
    """Return the number in a pid file, or None when there is none."""
    try:
        return int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def serves(pid: int, data: Path) -> bool:
    """Return whether the process is a MariaDB server whose command line names this data directory."""
    try:
        program, *arguments = psutil.Process(pid).cmdline() or [""]
    except psutil.Error:
        return False
    return Path(program).name in SERVERS and f"--datadir={data}" in arguments


def is_stopped(pid: int) -> bool:
    """Return whether the process was stopped in its tracks (SIGSTOP)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def is_dying(pid: int) -> bool:
    """Return whether the process is a server that has given its memory back and is about to be gone."""
    try:
        process = psutil.Process(pid)
        return process.name() in SERVERS and not process.cmdline()
    except psutil.ZombieProcess:
        return True
    except psutil.Error:
        return False


def is_gone(pid: int) -> bool:
    """Return whether every thread has ended, and let go of ports and files. Collects our own child."""
    with suppress(ChildProcessError):  # started by an earlier command: somebody else collects it
        os.waitpid(pid, os.WNOHANG)
    try:
        process = psutil.Process(pid)
        # A killed server is a zombie as soon as its first thread has ended: the others still hold port and data.
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def wait_gone(pid: int, seconds: float) -> bool:
    """Return whether the process ended within the time."""
    deadline = time.monotonic() + seconds
    while not is_gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def wait_state(pid: int, stopped: bool, seconds: float) -> bool:
    """Return whether the process stopped (or went on) in time: signals arrive a moment later."""
    deadline = time.monotonic() + seconds
    while is_stopped(pid) is not stopped:
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
