"""The load: a small C program, built once, that writes from many sessions and says how long each write took."""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("load.c")
TICKS = os.sysconf("SC_CLK_TCK")
OVERTIME = 60.0
"""Seconds that a load may take beyond its own: the last writes of a server that hangs end by their own deadline."""


class LoadError(Exception):
    """The load could not be run, or a write of it failed: what was said."""


@dataclass(frozen=True)
class Result:
    """What one load came to. p50, p99: milliseconds of a write. cpu: the primary's microseconds for each write."""

    per_second: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True)
class Target:
    """Where a load goes, and what one write is: see load.c. pid: the server's process."""

    name: str
    socket: str
    user: str
    password: str
    database: str
    statements: Sequence[str]
    pid: int


def build(into: Path) -> Path:
    """Compile the program. Raises LoadError: a C compiler and MariaDB's client library are needed."""
    flags = subprocess.run(
        ["mariadb_config", "--cflags", "--libs"], capture_output=True, text=True, check=False
    )
    program = into / "load"
    command = ["gcc", "-O2", "-o", str(program), str(SOURCE), *shlex.split(flags.stdout), "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"The load was not compiled (gcc and libmariadb-dev are needed): {done.stderr}")
    return program


def run(program: Path, target: Target, clients: int, seconds: float) -> Result:
    """Write for so long. Raises LoadError when any write failed."""
    before = cpu_seconds(target.pid)
    place = [target.socket, target.user, target.password, target.database]
    done = subprocess.run(
        [str(program), *place, str(clients), str(seconds), *target.statements],
        capture_output=True,
        text=True,
        timeout=seconds + OVERTIME,
        check=False,
    )
    used = cpu_seconds(target.pid) - before
    if done.returncode:
        raise LoadError(f"{target.name}, {clients} clients: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    if said["failed"] or not said["writes"]:
        raise LoadError(f"{target.name}, {clients} clients: {said['failed']} writes failed: {said['error']}")
    writes = said["writes"]
    return Result(writes / said["seconds"], said["p50"] / 1000, said["p99"] / 1000, used / writes * 1e6)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
