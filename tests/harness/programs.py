"""A program, mostly `manage.py`, that keeps running beside a test: started, killed, frozen, and what it said."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.local import processes
from tests.harness import forking
from tests.harness.forking import ROOT

DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
"""A test that is killed leaves nothing running."""
END_SECONDS = 10.0


class Program:
    """One process at a time of one command. Every verb may be repeated.

    command: the arguments of `program`, which is `manage.py` unless another one is named. log: the file that takes
    all that its processes say.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        program: Sequence[str] = (),
    ) -> None:
        self.program, self.command, self.environment, self.log = program, command, environment, log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether its process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        """All that it said so far, on stdout and stderr."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Begin; goes on when it was frozen."""
        if self.running:
            self.resume()
            return
        with self.log.open("ab") as output:
            self._process = self._begin(stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _begin(self, **streams: Any) -> subprocess.Popen[bytes]:
        if not self.program:
            return forking.begin(self.command, self.environment, dies_with_owner=True, **streams)
        command = [*DIES_WITH_US, *self.program, *self.command]
        return subprocess.Popen(command, cwd=ROOT, env=dict(self.environment), **streams)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait for the end. Raises subprocess.TimeoutExpired when it does not listen."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self.running:
            os.kill(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        self._send(number)
        self.resume()
        if self._process is not None:
            self._process.wait(END_SECONDS)

    @property
    def frozen(self) -> bool:
        """Whether it was stopped in its tracks."""
        return self._process is not None and processes.is_stopped(self._process.pid)
