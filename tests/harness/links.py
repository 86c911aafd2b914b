"""TCP proxies, one for each directed link between a place and a server, that can be cut in every way.

A place is whatever has a network of its own in a test: "monitor", "replicator", "writers", "node_a". Each of
its links is a port on this machine; what a link does with the bytes is its `Condition`, and a change acts on
the connections that are open. One thread serves all links.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cluster.local import free_ports
from cluster.local.ports import LOOPBACK
from cluster.protocol.names import NodeName
from tests.harness.conditions import OPEN, Condition, Way

CHUNK = 65_536
"""Bytes that are forwarded together."""
IN_FLIGHT = 256
"""Chunks of one direction that are under way on a slow link."""
REVIVAL_POLL = 0.01
"""Seconds between two looks whether a dead server listens again."""
BACKLOG = 128
"""Connections that may wait to be taken."""
PLUG_SECONDS = 0.1
"""Seconds after which a connection that fills a queue is taken as dropped: on this machine it takes none."""
CHANGE_SECONDS = 5.0
LAST_TURNS = 0.01
"""Seconds in which the loop closes the sockets that were let go of."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset: what a client of a dead host sees."""


Half = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(eq=False)
class Target:
    """A server behind links. Its links refuse while nobody listens there, as the server itself would."""

    name: NodeName
    port: int
    up: bool = True
    links: list["Link"] = field(default_factory=list)

    def doubt(self) -> None:
        """Look soon: a connection to the server has ended."""
        self._looking = asyncio.create_task(self.look())

    async def look(self) -> None:
        """See whether the server listens; if not, close the links until it does."""
        if not await self.listens() and self.up:
            self.up = False
            await self.pass_on()
            self._watcher = asyncio.create_task(self.await_revival())

    async def await_revival(self) -> None:
        """Open the links again as soon as the server listens."""
        while not await self.listens():
            await asyncio.sleep(REVIVAL_POLL)
        self.up = True
        await self.pass_on()

    async def listens(self) -> bool:
        """Whether a connection is not refused. A frozen server listens: the kernel answers for it."""
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def pass_on(self) -> None:
        """Tell the links."""
        for link in self.links:
            await link.apply(link.condition)


class Link:
    """One directed link: `source` reaches `target` at 127.0.0.1:`port`."""

    def __init__(self, source: str, target: Target, port: int) -> None:
        self.source, self.target, self.port = source, target, port
        self.condition = OPEN
        self._changed = asyncio.Condition()
        self._listener: socket.socket | None = None
        self._plug: socket.socket | None = None
        self._pairs: set[Pair] = set()

    def __repr__(self) -> str:
        return f"{self.source}->{self.target.name}"

    async def apply(self, condition: Condition) -> None:
        """Take a condition on, for open connections too."""
        self.condition = condition
        if not condition.connects:
            await self.swallow()
        elif condition.listening and self.target.up:
            self.listen()
        else:
            self.refuse(keeping=condition.keeps and self.target.up)
        async with self._changed:
            self._changed.notify_all()

    def listen(self) -> None:
        """Take connections; does nothing when it does already."""
        if self._listener is None:
            self._listener = listener(self.port)
        if self._plug is not None:
            self.unplug(self._listener)
        asyncio.get_running_loop().add_reader(self._listener, self.take_one)

    def refuse(self, *, keeping: bool = False) -> None:
        """Take no connections and, unless `keeping`, reset those that are open."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        if self._plug is not None:
            self._plug.close()
            self._plug = None
        for pair in [] if keeping else list(self._pairs):
            pair.reset()

    async def swallow(self) -> None:
        """Answer no new connection, neither yes nor no: a full queue makes the kernel drop who knocks.

        What arrived before is under way already, so it is taken.
        """
        if self._plug is not None:
            return
        if self._listener is None:
            self._listener = listener(self.port)
        asyncio.get_running_loop().remove_reader(self._listener)
        while self.take_one():
            pass
        self._listener.listen(0)  # room for one
        self._plug = socket.socket()
        self._plug.setblocking(False)
        with suppress(TimeoutError):  # a client was faster: its connection is the one that fills the queue
            await asyncio.wait_for(
                asyncio.get_running_loop().sock_connect(self._plug, (LOOPBACK, self.port)), PLUG_SECONDS
            )

    def unplug(self, listener: socket.socket) -> None:
        """Let connections in again, those that were dropped as soon as they knock again."""
        assert self._plug is not None
        listener.listen(BACKLOG)
        plugged_at = self._plug.getsockname()
        self._plug.close()
        self._plug = None
        while (waiting := self.waiting()) is not None:
            line, client = waiting
            if client == plugged_at:
                line.close()
            else:
                self.begin(line)

    def waiting(self) -> tuple[socket.socket, tuple[str, int]] | None:
        """Return the next connection that has arrived and where it comes from, None when there is none."""
        assert self._listener is not None
        with suppress(BlockingIOError):
            return self._listener.accept()
        return None

    def take_one(self) -> bool:
        """Begin to carry a connection that has arrived; whether there was one.

        At once: nothing is left over at a refusal.
        """
        if (waiting := self.waiting()) is None:
            return False
        self.begin(waiting[0])
        return True

    def begin(self, line: socket.socket) -> None:
        """Carry a connection in a task of its own."""
        pair = Pair(line)
        self._pairs.add(pair)
        pair.task = asyncio.create_task(self.carry(pair))
        pair.task.add_done_callback(pair.drop)

    async def carry(self, pair: "Pair") -> None:
        """Dial the server and forward both directions until one side ends."""
        try:
            reader = await pair.greet()
            # It may have arrived just before a cut, of which the server then never heard.
            await self.until(lambda now: now.connects)
            if not reader.at_eof():
                await pair.dial(self.target.port)
                await pair.forward(self)
        except OSError:
            self.target.doubt()
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def until(self, fits: Callable[[Condition], bool]) -> None:
        """Wait for a condition of the link."""
        async with self._changed:
            await self._changed.wait_for(lambda: fits(self.condition))


def listener(port: int) -> socket.socket:
    """Return a socket that takes connections on this machine."""
    made = socket.create_server((LOOPBACK, port), backlog=BACKLOG)
    made.setblocking(False)
    return made


class Pair:
    """The two halves of one forwarded connection."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.near: Half | None = None
        self.far: Half | None = None
        self.task: asyncio.Task[None] | None = None
        self.pumps: list[asyncio.Task[None]] = []
        self.broken = False

    async def greet(self) -> asyncio.StreamReader:
        """Begin to hear the client; its half."""
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.near = await asyncio.open_connection(sock=self.line)
        if self.broken:
            raise ConnectionResetError
        return self.near[0]

    async def dial(self, port: int) -> None:
        """Reach the server. Raises OSError."""
        self.far = await asyncio.open_connection(LOOPBACK, port)
        self.far[1].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def forward(self, link: Link) -> None:
        """Both directions to their ends. Raises OSError when a side breaks off."""
        assert self.near is not None
        assert self.far is not None
        there = asyncio.create_task(pump(link, Way.THERE, self.near[0], self.far[1]))
        back = asyncio.create_task(pump(link, Way.BACK, self.far[0], self.near[1]))
        self.pumps = [there, back]
        back.add_done_callback(lambda _: there.done() or link.target.doubt())
        await asyncio.gather(there, back)

    def drop(self, _task: "asyncio.Task[None]") -> None:
        """Let go of a client that was never heard: its connection was broken before that."""
        if self.near is None:
            self.line.close()

    def reset(self) -> None:
        """Break both halves. May be repeated."""
        for task in self.pumps:
            task.cancel()
        self.broken = True
        for half in (self.near, self.far):
            if half is not None:
                break_off(half[1])


def break_off(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, if it is not closed yet."""
    if not writer.transport.is_closing():
        with suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()


async def pump(link: Link, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward one direction, each chunk when it is due and while the link lets it pass.

    What is held up by a cut goes on when the link heals, as TCP sends again what was not confirmed.
    Raises OSError when the other side is gone.
    """
    chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)
    clock = asyncio.get_running_loop().time
    intake = asyncio.create_task(take(link, reader, chunks))
    try:
        while True:
            due, data = await chunks.get()
            if (left := due - clock()) > 0:
                await asyncio.sleep(left)
            if not link.condition.passes(way):
                await link.until(lambda now: now.passes(way))
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()
    finally:
        intake.cancel()


async def take(
    link: Link, reader: asyncio.StreamReader, chunks: "asyncio.Queue[tuple[float, bytes]]"
) -> None:
    """Read what arrives and note when it is due; an empty chunk is the end."""
    clock = asyncio.get_running_loop().time
    data = b"-"
    while data:
        try:
            data = await reader.read(CHUNK)
        except OSError:
            data = b""
        await chunks.put((clock() + link.condition.delay, data))


class Links:
    """All links of a test, made when they are first named."""

    def __init__(self, ports: Mapping[NodeName, int]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="links", daemon=True)
        self._thread.start()
        self._targets = {name: Target(name, port) for name, port in ports.items()}
        self._links: dict[tuple[str, NodeName], Link] = {}
        self._naming = threading.Lock()

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CHANGE_SECONDS)

    def ports(self, source: str) -> dict[NodeName, int]:
        """Where a place reaches each server."""
        return {name: self.link(source, name).port for name in self._targets}

    def link(self, source: str, target: NodeName | str) -> Link:
        """One link, open when it is new. May be asked by several threads at once."""
        key = (source, NodeName(target))
        with self._naming:
            if key not in self._links:
                self._links[key] = self._made(source, self._targets[key[1]])
            return self._links[key]

    def _made(self, source: str, target: Target) -> Link:
        link = Link(source, target, free_ports(1)[0])
        target.links.append(link)
        self._do(link.apply(OPEN))
        return link

    def set(
        self, condition: Condition, *, source: str | None = None, target: NodeName | str | None = None
    ) -> None:
        """Put the links of a place, to a server, of both, or all under a condition."""
        with self._naming:
            links = list(self._links.items())
        for (start, end), link in links:
            if source in (None, start) and target in (None, end):
                self._do(link.apply(condition))

    def look(self, target: NodeName | str) -> None:
        """Let the links know at once that a server may be gone."""
        self._do(self._targets[NodeName(target)].look())

    def close(self) -> None:
        """End all links and the thread."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CHANGE_SECONDS)

    async def _end(self) -> None:
        for link in self._links.values():
            link.refuse()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(LAST_TURNS)
