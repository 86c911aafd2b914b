"""Three private servers with accounts of their own, gone with the process that made them, however it ends."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster.conf import Account
from cluster.local.group import scratch_nodes
from cluster.local.node import LocalNode, NodeState
from cluster.local.ports import LOOPBACK

MEMORY, MEMORY_BYTES = Path("/dev/shm"), 6 << 30  # noqa: S108 - the directories in it are made by mkdtemp
"""The file system in memory, and the bytes that two processes with three servers each may come to need."""
REAPING_SECONDS = 20.0


class ScratchServers:
    """Three started servers, on which nothing is set up, and the accounts that they are to have.

    directory: holds all their files, and is removed by `close`, or by a program of its own when this process ends.
    """

    def __init__(self, templates: Path, parent: Path | None = None) -> None:
        """parent: where the directory is made, the system's temporary directory unless it is given.

        Raises LocalNodeError.
        """
        self.directory = Path(tempfile.mkdtemp(prefix="mco2-test-", dir=parent)).resolve()
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "cluster.local.reaper", str(self.directory)],
            stdin=subprocess.PIPE,
            env=importing(),
            start_new_session=True,
        )
        try:
            self.local = scratch_nodes(self.directory / "nodes", templates, "64M")
        except BaseException:
            self.close()
            raise
        self.application = Account("mco2_app", secrets.token_hex(16))
        self.cluster = Account("mco2_cluster", secrets.token_hex(16))
        self.admin = next(iter(self.local.values())).admin

    @property
    def control(self) -> Path:
        """The control database of the processes that work with these servers."""
        return self.directory / "control.sqlite3"

    def close(self) -> None:
        """Kill the servers and remove their files."""
        self._reaper.communicate(timeout=REAPING_SECONDS)  # the end of its input is its sign

    def database(self, node: LocalNode) -> dict[str, object]:
        """Return a node's part of DATABASES."""
        return {
            "HOST": LOOPBACK,
            "PORT": node.port,
            "NAME": node.database,
            "USER": self.application.user,
            "PASSWORD": self.application.password,
        }

    def accounts(self) -> dict[str, object]:
        """Return the settings that name the other accounts."""
        return {
            "CLUSTER_USER": self.cluster.user,
            "CLUSTER_PASSWORD": self.cluster.password,
            "CLUSTER_ADMIN_USER": self.admin.user,
            "CLUSTER_ADMIN_PASSWORD": self.admin.password,
        }


def importing() -> dict[str, str]:
    """Return the environment of a Python that finds what this one finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])}


def memory() -> Path | None:
    """Return the file system in memory where it has room, None where it has not.

    A killed server leaves the same files there as on a disk: what it wrote, whether it asked for a flush or not.
    Only a power cut tells the two apart, and no test cuts the power. Measurements belong on the disk.
    """
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if usable and shutil.disk_usage(MEMORY).free > MEMORY_BYTES else None


def revive(node: LocalNode) -> None:
    """Resume or start a server that is frozen or down."""
    if node.status().state is NodeState.FROZEN:
        node.resume()
    node.start()
