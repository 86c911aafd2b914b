"""Django's source distribution of the version that is installed, below var/."""

import subprocess
import sys
import tarfile
from pathlib import Path

import django


def unpacked(directory: Path) -> Path:
    """Return the folder with Django's tests, downloaded by pip and unpacked if need be."""
    version = django.get_version()
    source = directory / f"django-{version}"
    if not (source / "tests" / "runtests.py").exists():
        directory.mkdir(parents=True, exist_ok=True)
        archive = directory / f"{source.name}.tar.gz"
        if not archive.exists():
            command = ["download", "--quiet", "--no-binary", "django", "--no-deps", "--dest", str(directory)]
            subprocess.run([sys.executable, "-m", "pip", *command, f"django=={version}"], check=True)
        with tarfile.open(archive) as packed:
            packed.extractall(directory, filter="data")
    return source / "tests"
