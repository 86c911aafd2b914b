"""A seeded run through faults: sessions in threads, while nodes, links and programs fail and are mended."""

import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Queue
from threading import Thread

from cluster.actions.failover.switchover import give_writes
from cluster.local.errors import NotRunningError
from cluster.nodes.connection import Connection
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from tests.drill.stage import WRITERS, Stage
from tests.fuzz.client import Client
from tests.fuzz.history import CLUSTER, MEND, SESSIONS, Step
from tests.fuzz.run import differences, end_prepared, lost

AHEAD = 2
"""Statements that a session may be behind its history."""
PAUSE = 0.1
"""Seconds between two tries of a session of which the first one failed while a fault holds."""
ANSWER_SECONDS = 2.0
SWITCH_SECONDS = 5.0
ROOT_SECONDS = 30.0


class Session(Thread):
    """A client in a thread: it takes statements from a queue until it gets None."""

    def __init__(self, client: Client) -> None:
        super().__init__(name=f"session-{client.number}", daemon=True)
        self.client = client
        self.steps: Queue[str | None] = Queue(AHEAD)
        self.problems: list[str] = []

    def run(self) -> None:
        """Play what comes; what no client should meet is a problem."""
        while (what := self.steps.get()) is not None:
            try:
                if not self.client.do(what):
                    time.sleep(PAUSE)
            except Exception as error:  # noqa: BLE001 - whatever ends a client here is a finding
                self.problems.append(f"session {self.client.number}: {what}: {error!r}")
            self.steps.task_done()
        self.client.abort()
        self.steps.task_done()


class Troubles:
    """The histories of one stage. said: what was sent and done, and what became of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.said: list[str] = []
        self.acknowledged: dict[str, int] = {}
        self.sessions: list[Session] = []
        self.problems: list[str] = []

    def play(self, steps: Sequence[Step]) -> None:
        """Play all steps; afterwards everything is mended and no session is left."""
        self.begin()
        for step in steps:
            if step.session != CLUSTER:
                self.sessions[step.session].steps.put(step.what)
            elif step.what == MEND:
                self.mend()
                self.begin()
            else:
                self.said.append(f"cluster: {step.what} -- {self.strike(step.what)}")
        self.mend()

    def begin(self) -> None:
        """Open new sessions on the present primary."""
        primary = self.stage.view().primary
        place = primary.name if primary else NodeName.MAIN
        self.sessions = [
            Session(Client(number, self.dial, place, self.acknowledged, self.said))
            for number in range(SESSIONS)
        ]
        for session in self.sessions:
            session.start()

    def dial(self, name: NodeName) -> Connection:
        """Return a session's connection, behind the links of the writers."""
        port = self.stage.links.link(WRITERS, name).port
        return self.stage.servers.connect(name, "app", ANSWER_SECONDS, port)

    def strike(self, what: str) -> str:
        """Bring a fault about."""
        verb, *names = what.split()
        stage = self.stage
        try:
            match verb:
                case "hold":
                    time.sleep(float(names[0]))
                case "kill":
                    stage.kill(names[0])
                case "freeze":
                    with suppress(NotRunningError):  # a fault of the same moment has killed it
                        stage.freeze(names[0])
                case "isolate":
                    stage.isolate(names[0])
                case "cut":
                    stage.cut(names[0], names[1])
                case "restart":
                    stage.kill(names[0])
                    stage.start(names[0])
                case "switchover":
                    return self.switch(NodeName(names[0]))
        except (ClusterError, NotRunningError) as error:
            return str(error)
        return "done"

    def switch(self, to: NodeName) -> str:
        """Hand the writes over, as an operator does."""
        nodes = self.stage.cluster.fresh_nodes(timeout=ANSWER_SECONDS)
        return give_writes(
            nodes, to, reason="A drill.", lease_seconds=self.stage.lease, timeout=SWITCH_SECONDS
        ).sentence

    def mend(self) -> None:
        """End the faults and all sessions, and wait until every node follows the primary."""
        for session in self.sessions:
            session.steps.put(None)
        for session in self.sessions:
            session.join(60)
            if session.is_alive():
                self.problems.append(f"{session.name} did not end within 60 s")
            self.problems += session.problems
        self.sessions = []
        self.stage.mend()
        for name in NodeName:
            end_prepared(self.root(name))
        self.said.append(f"cluster: mend -- all nodes level after {self.stage.rejoin():.1f} s")

    def root(self, name: NodeName) -> Connection:
        """Return an administrator's connection straight to a node."""
        return self.stage.connect(name, "root", ROOT_SECONDS)

    def findings(self, tables: Sequence[str]) -> list[str]:
        """Return what is not right once replication is idle."""
        primary = self.stage.view().primary
        if primary is None:
            return [*self.problems, "nobody takes writes at the end"]
        held = {name: self.root(name) for name in NodeName}
        return [
            *self.problems,
            *lost(held[primary.name], self.acknowledged),
            *differences(held, primary.name, tables),
        ]
