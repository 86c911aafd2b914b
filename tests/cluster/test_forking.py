"""A forked `manage.py` is what one that was begun by hand is to a test: streams, exit codes, signals, environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.harness import forking
from tests.harness.forking import ROOT
from tests.harness.waiting import wait_for

ENVIRONMENT = os.environ | {
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
}
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


@pytest.fixture(autouse=True, scope="module")
def servers() -> Iterator[None]:
    yield
    forking.close()


def shell(*lines: str) -> list[str]:
    """Return arguments that run a program in Django's shell."""
    return ["shell", "--no-imports", "-c", "\n".join(lines)]


def run(*lines: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in Django's shell."""
    return forking.run(shell(*lines), ENVIRONMENT | variables, timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [["cluster_status", "--help"], ["no_such_command"], ["switchover"], shell("raise SystemExit(7)")],
    ids=["help", "no such command", "wrong usage", "an exit code"],
)
def test_it_writes_and_ends_as_one_begun_by_hand(arguments):
    by_hand = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    forked = forking.run(arguments, ENVIRONMENT, timeout=60)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        by_hand.returncode,
        by_hand.stdout,
        by_hand.stderr,
    )


def test_a_signal_is_its_end_and_its_exit_code():
    process = forking.begin(shell("import time", "print('begun')", "time.sleep(60)"), ENVIRONMENT, **PIPES)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL
    process.communicate()


def test_it_is_interrupted_as_a_terminal_would():
    process = forking.begin(shell("import time", "print('begun')", "time.sleep(60)"), ENVIRONMENT, **PIPES)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=20)[1]


def test_it_is_our_child_in_our_group():
    done = run("import os", "print(os.getppid(), os.getpgrp(), os.getcwd())")
    assert done.stdout.split() == [str(os.getpid()), str(os.getpgrp()), str(ROOT)]


def test_it_reads_what_it_is_given():
    process = forking.begin(shell("print(input().upper())"), ENVIRONMENT, **PIPES)
    assert process.communicate("hello\n", timeout=20) == ("HELLO\n", "")


def test_its_environment_is_its_own():
    program = (
        "import os; from django.conf import settings; print(os.environ['X'], settings.CLUSTER_LEASE_SECONDS)"
    )
    for x, lease in [("1", "3.5"), ("2", "3.5"), ("3", "7.0")]:
        assert run(program, X=x, CLUSTER_LEASE_SECONDS=lease).stdout == f"{x} {lease}\n"


def test_nothing_of_one_is_left_for_the_next():
    program = ("import random, sys", "print(hasattr(sys, 'left'), random.random())", "sys.left = True")
    first, second = run(*program).stdout.split(), run(*program).stdout.split()
    assert first[0] == second[0] == "False"
    assert first[1] != second[1]


def test_what_is_to_be_done_at_exit_is_done():
    assert run("import atexit", "atexit.register(print, 'the end')").stdout == "the end\n"


def test_settings_that_do_not_load_are_named_by_the_command():
    done = run("pass", CLUSTER_LEASE_SECONDS="soon")
    assert done.returncode == 1
    assert "CLUSTER_LEASE_SECONDS" in done.stderr


def test_it_dies_with_its_owner(tmp_path):
    """Of a run that was killed nothing goes on."""
    owner = (
        "import subprocess, os, sys; from tests.harness import forking\n"
        "process = forking.begin(['shell', '--no-imports', '-c', 'import time; time.sleep(60)'], dict(os.environ),"
        " dies_with_owner=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\n"
        "print(process.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", owner],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        pid = int(process.stdout.readline())
        process.kill()
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 20)
