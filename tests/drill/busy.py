"""Other work on the machine."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

WORK = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100_000))\n"
"""Keeps a core busy until whoever started it has ended."""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Let so many processes compute throughout the block, with the priority of this one."""
    with ExitStack() as ending:
        for _ in range(processes):
            worker = subprocess.Popen([sys.executable, "-c", WORK])
            ending.callback(worker.wait)
            ending.callback(worker.kill)
        yield
