"""An empty data directory, made once for a version of MariaDB and copied for each node."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.local.errors import LocalNodeError
from cluster.local.files import current_user
from cluster.local.programs import program, server_version

INSTALL_SECONDS = 120
ZONES = Path("/usr/share/zoneinfo")
UNUSED = ("posix", "right")
"""Every zone once more, in other reckonings: two thirds of all rows."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock: of two commands at once, the second waits for the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def template(cache: Path) -> Path:
    """Return a data directory without accounts of ours, kept in `cache`; nobody may run a server on it.

    An interrupted attempt leaves a directory that is never used and removed by the next.
    """
    made = cache / f"{server_version()}-with-zones"
    with locked(cache / "lock"):
        if not made.exists():
            _make(cache, made)
    return made


def _make(cache: Path, made: Path) -> None:
    for stale in cache.glob("partial-*"):
        shutil.rmtree(stale)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=cache))
    temporary = partial / "tmp"
    temporary.mkdir()
    _install(partial / "data", temporary)
    (partial / "data").rename(made)
    shutil.rmtree(partial)


def _install(data: Path, temporary: Path) -> None:
    user = current_user()
    command = [
        program("mariadb-install-db"),
        "--no-defaults",
        f"--datadir={data}",
        f"--tmpdir={temporary}",
        f"--user={user}",
        "--auth-root-authentication-method=socket",
        f"--auth-root-socket-user={user}",
        "--skip-test-db",
        "--force",  # also on a machine whose own name nobody resolves
        "--innodb-log-file-size=4M",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if result.returncode:
        raise LocalNodeError(f"mariadb-install-db failed:\n{(result.stdout + result.stderr).strip()}")
    if ZONES.exists():
        _load_zones(data, temporary, user)


def _load_zones(data: Path, temporary: Path, user: str) -> None:
    """Fill the tables of time zones: without them `__date` finds nothing in a zone, and truncation fails."""
    zones = temporary / "zoneinfo"
    zones.mkdir()
    for entry in ZONES.iterdir():
        if entry.name not in UNUSED:
            (zones / entry.name).symlink_to(entry)
    read = subprocess.run(
        [program("mariadb-tzinfo-to-sql"), "--skip-write-binlog", str(zones)],
        capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False,
    )  # fmt: skip
    command = [
        program("mariadbd"), "--no-defaults", "--bootstrap", f"--datadir={data}", f"--tmpdir={temporary}",
        f"--user={user}", "--innodb-log-file-size=4M",
    ]  # fmt: skip
    loaded = subprocess.run(
        command, input=f"USE mysql;\n{read.stdout}", capture_output=True, text=True,
        timeout=INSTALL_SECONDS, check=False,
    )  # fmt: skip
    for step in (read, loaded):
        if step.returncode:
            raise LocalNodeError(f"The time zones were not loaded:\n{step.stderr.strip()[-2000:]}")


def copy_template(cache: Path, data: Path) -> None:
    """Make `data` a copy of the template, whole or not at all."""
    source = template(cache)
    partial = data.with_name("data.partial")
    if partial.exists():
        shutil.rmtree(partial)
    shutil.copytree(source, partial)
    partial.rename(data)
