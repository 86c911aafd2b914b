"""The proxies of the fault tests, against a server that sends back what it gets."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from cluster.local import free_ports
from tests.harness.conditions import BLACK_HOLE, DEAF, ONLY_BACK, ONLY_THERE, OPEN, REFUSED, delayed
from tests.harness.links import Links

PATIENCE = 0.2
"""Seconds after which nothing more is expected to arrive."""


class Echo:
    """A server that sends back what it gets, and keeps it."""

    def __init__(self, port: int) -> None:
        self.port, self.heard = port, b""
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self._begin(self._serve)

    def _begin(self, work: Callable[..., None], *args: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))
        self._threads[-1].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                self._open.append(line)
                self._begin(self._answer, line)

    def _answer(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            while data := line.recv(1024):
                self.heard += data
                line.sendall(data)

    def die(self) -> None:
        """As a killed process: nothing listens, open connections end."""
        for line in [self.listener, *self._open]:
            with suppress(OSError):  # it was closed; a thread that waits on it would keep it open
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo(free_ports(1)[0])
    yield made
    made.die()


@pytest.fixture
def links(echo) -> Iterator[Links]:
    made = Links({"main": echo.port})
    yield made
    made.close()


def dial(links: Links, source: str = "here", seconds: float = 2) -> socket.socket:
    """Return a connection through a link."""
    line = socket.create_connection(("127.0.0.1", links.ports(source)["main"]), seconds)
    line.settimeout(PATIENCE)
    return line


def ask(line: socket.socket, word: bytes) -> bytes | None:
    """Return what comes back, None when nothing does in time."""
    line.sendall(word)
    return hear(line)


def hear(line: socket.socket) -> bytes | None:
    try:
        return line.recv(1024)
    except TimeoutError:
        return None


def refused(links: Links) -> bool:
    """Whether a new connection is refused."""
    try:
        dial(links).close()
    except ConnectionRefusedError:
        return True
    return False


def test_an_open_link_forwards_both_directions_and_the_end(links):
    with dial(links) as line:
        assert ask(line, b"x" * 1000) == b"x" * 1000
        line.shutdown(socket.SHUT_WR)
        assert hear(line) == b""


def test_a_refused_link_resets_what_is_open_and_opens_again(links):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        links.set(REFUSED, source="here")
        with pytest.raises(ConnectionResetError):
            hear(line)
    assert refused(links)
    links.set(OPEN)
    assert not refused(links)


def test_a_deaf_link_refuses_and_keeps_what_is_open(links, echo):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        links.set(DEAF)
        assert refused(links)
        assert ask(line, b"b") == b"b"
        echo.die()
        assert hear(line) == b""


def test_a_black_hole_keeps_connections_and_hands_over_later(links):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        links.set(BLACK_HOLE)
        assert ask(line, b"b") is None
        links.set(OPEN)
        assert hear(line) == b"b"


@pytest.mark.parametrize("condition", [BLACK_HOLE, ONLY_THERE, ONLY_BACK])
def test_a_cut_answers_no_new_connection_until_it_heals(links, condition):
    links.ports("here")
    links.set(condition)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            dial(links, seconds=PATIENCE)
    with ThreadPoolExecutor(1) as caller:
        knocking = caller.submit(dial, links, seconds=5)
        time.sleep(PATIENCE)
        links.set(OPEN)
        with knocking.result() as line:  # the kernel knocked again after a second
            assert ask(line, b"a") == b"a"


def test_a_cut_hides_that_the_server_died(links, echo):
    links.ports("here")
    links.set(BLACK_HOLE)
    echo.die()
    links.look("main")
    with pytest.raises(TimeoutError):
        dial(links, seconds=PATIENCE)
    links.set(OPEN)
    assert refused(links)


def test_a_cut_way_there_is_not_heard_of(links, echo):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        links.set(ONLY_BACK)
        assert ask(line, b"b") is None
        assert echo.heard == b"a"


def test_a_cut_way_back_is_heard_and_not_answered(links, echo):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        links.set(ONLY_THERE)
        assert ask(line, b"b") is None
        assert echo.heard == b"ab"
        links.set(OPEN)
        assert hear(line) == b"b"


def test_a_slow_link_is_late_and_keeps_its_order(links):
    with dial(links) as line:
        line.settimeout(2)
        assert ask(line, b"a") == b"a"
        links.set(delayed(0.1))
        began = time.monotonic()
        assert ask(line, b"b") == b"b"
        assert 0.2 <= time.monotonic() - began < 1


def test_a_link_that_many_ask_for_at_once_is_one(links):
    with ThreadPoolExecutor(16) as askers:
        made = list(askers.map(lambda _: links.link("crowd", "main"), range(64)))
    assert len(set(made)) == 1


def test_links_of_other_places_stay_as_they_are(links):
    with dial(links, "there") as cut, dial(links, "here") as open_:
        links.set(BLACK_HOLE, source="there")
        assert (ask(cut, b"a"), ask(open_, b"b")) == (None, b"b")


def test_a_dead_server_is_refused_at_its_links_until_it_listens_again(links, echo):
    with dial(links) as line:
        assert ask(line, b"a") == b"a"
        echo.die()
        assert hear(line) == b""
    links.look("main")
    assert refused(links)
    again = Echo(echo.port)
    deadline = time.monotonic() + 5
    while refused(links):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    again.die()
