"""Has Django in memory and forks a process a command: `python -m tests.harness.fork_server DESCRIPTOR`.

DESCRIPTOR is a socket: each request on it begins one `manage.py`, whose process becomes the child of whoever asked.
The server ends when that socket is closed.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import TypedDict

import django
from django.conf import settings
from django.core.management import get_commands
from django.db import connections

import manage

LARGEST_REQUEST = 100_000
"""Bytes: an environment and a command line."""
STREAMS = 3
PR_SET_PDEATHSIG = 1


class Request(TypedDict):
    """A command to begin. Its three streams come beside it."""

    arguments: list[str]
    environment: Mapping[str, str]
    owner: int
    """The process that gets it as its child."""
    dies_with_owner: bool


def load() -> None:
    """Import what any command of this site imports."""
    django.setup()
    importlib.import_module(settings.ROOT_URLCONF)
    for name, package in get_commands().items():
        if package in ("cluster", "titles", "mco2site"):
            importlib.import_module(f"{package}.management.commands.{name}")
    # A fork copies neither threads nor what the other end of a connection knows.
    assert threading.active_count() == 1
    assert not any(connection.connection for connection in connections.all(initialized_only=True))
    gc.freeze()


def serve(channel: socket.socket) -> Request | None:
    """Answer requests. Returns one in the process that is to run it, None when nobody asks any more."""
    while True:
        message, streams, _, _ = socket.recv_fds(channel, LARGEST_REQUEST, STREAMS)
        if not message:
            return None
        between = os.fork()
        if not between:
            between = os.getpid()
            if os.fork():
                os._exit(0)
            request: Request = json.loads(message)
            become_child(request, between)
            take_over(request, streams)
            channel.send(str(os.getpid()).encode())
            channel.close()
            return request
        os.waitpid(between, 0)
        for stream in streams:
            os.close(stream)


def become_child(request: Request, between: int) -> None:
    """Wait until the process between has ended and this one is the owner's child, who asked the kernel for it."""
    while os.getppid() == between:
        time.sleep(0.0002)
    if request["dies_with_owner"]:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != request["owner"]:  # it died meanwhile
        os._exit(1)


def take_over(request: Request, streams: list[int]) -> None:
    """Make streams, environment, arguments and signals those of a process that was just begun."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["manage.py", *request["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = socket.socket(fileno=int(sys.argv[1]))
    load()
    own.send(b"ready")
    if serve(own):
        manage.main()  # the process ends as any Python does: with what is to be done at exit, and an exit code
