"""End scratch servers whose process is gone, however it went: `python -m cluster.local.reaper DIRECTORY`.

Its standard input is a pipe from that process. When that closes, every server with its data under the
directory is killed and the directory removed.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import psutil

from cluster.local import processes


def servers_under(directory: Path) -> list[int]:
    """Return the servers whose command line names a data directory under `directory`."""
    directories = list(directory.glob("nodes/*/data"))
    return [pid for pid in psutil.pids() if any(processes.serves(pid, data) for data in directories)]


def reap(directory: Path) -> None:
    """Kill the servers and remove their files. May be repeated."""
    for pid in servers_under(directory):
        processes.send(pid, signal.SIGKILL)
        processes.wait_gone(pid, 5.0)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    reap(Path(sys.argv[1]))
