"""Ports on the loopback interface."""

import errno
import random
import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes ports for outgoing connections: no client sits on one
# between the moment it is found free and the moment a server listens on it.
SCRATCH_PORTS = range(20_000, 30_000)


def is_taken(port: int) -> bool:
    """Return whether a program listens on the port. Connections that are only fading out do not count."""
    with socket.socket() as probe:
        return not _bind(probe, port)


def free_ports(count: int) -> list[int]:
    """Return `count` different ports on which nothing listens; raises OSError when there are none."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(SCRATCH_PORTS, k=len(SCRATCH_PORTS)):
            if _bind(held.enter_context(socket.socket()), port):
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(errno.EADDRINUSE, f"no {count} free ports on {LOOPBACK}")


def _bind(probe: socket.socket, port: int) -> bool:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((LOOPBACK, port))
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return False
        raise
    return True
