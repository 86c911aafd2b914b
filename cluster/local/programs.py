"""Where MariaDB's programs are, also for users whose PATH lacks /usr/sbin."""

import os
import shutil
import subprocess
from functools import cache

from cluster.local.errors import NotInstalledError


@cache
def program(name: str) -> str:
    """Return the absolute path of a program; raises NotInstalledError."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
    if found := shutil.which(name, path=path):
        return found
    raise NotInstalledError(name)


@cache
def server_version() -> str:
    """Return MariaDB's version as a file name, e.g. `10.11.19-MariaDB-0+deb12u1`."""
    result = subprocess.run(
        [program("mariadbd"), "--no-defaults", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    return result.stdout.split("Ver ")[1].split()[0]
