"""A node that falls silent while somebody connects costs its deadline, not that of a statement."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from django.db import OperationalError, connections

from cluster.local.ports import LOOPBACK
from cluster.protocol.names import NodeName

DEADLINE = 1


@pytest.fixture
def frozen_once_it_let_in(cluster) -> Iterator[int]:
    """Give the port of a server that lets people in as Main does, and then never says anything."""
    with ExitStack() as ending:
        listener = ending.enter_context(socket.create_server((LOOPBACK, 0)))

        def let_in(client: socket.socket) -> None:
            server = ending.enter_context(
                socket.create_connection((LOOPBACK, cluster.servers.local[NodeName.MAIN].port))
            )
            client.sendall(server.recv(4096))  # the greeting
            server.sendall(client.recv(4096))
            client.sendall(server.recv(4096))  # welcome

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    ending.enter_context(client)
                    with suppress(OSError):
                        let_in(client)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_node_that_freezes_before_the_first_statement(frozen_once_it_let_in, monkeypatch):
    connection = connections["main"].copy()
    monkeypatch.setitem(connection.settings_dict, "PORT", frozen_once_it_let_in)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"read_timeout": DEADLINE})
    began = time.monotonic()
    with pytest.raises(OperationalError, match="no answer within 1 s"):
        connection.ensure_connection()
    assert time.monotonic() - began < 20 * DEADLINE
