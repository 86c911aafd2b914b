"""Where a scenario is played: three servers, monitors, replicators and writers, each behind links of its own."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from cluster.actions.steps.observe import observe
from cluster.conf import ClusterConf
from cluster.local import each
from cluster.local.scratch import revive
from cluster.nodes.connection import Connection
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView
from tests.drill.scenario import Scenario
from tests.harness.cluster import POLL, Cluster
from tests.harness.conditions import BLACK_HOLE, OPEN, Condition
from tests.harness.introductions import introduced
from tests.harness.links import Links
from tests.harness.observer import Observer, observing
from tests.harness.programs import Program
from tests.harness.servers import ScratchServers
from tests.harness.workers import Workers
from tests.harness.writers import Book, writing

DEFAULT: dict[str, object] = {
    "CLUSTER_LEASE_SECONDS": ClusterConf.lease_seconds,
    "CLUSTER_PROBE_INTERVAL": ClusterConf.probe_interval,
    "CLUSTER_PROBE_TIMEOUT": ClusterConf.probe_timeout,
    "CLUSTER_FAILURE_THRESHOLD": ClusterConf.failure_threshold,
}
"""What a site has that sets nothing, whatever the policy of the other tests is."""
FAST: dict[str, object] = {"CLUSTER_LEASE_SECONDS": 1.0, "CLUSTER_PROBE_INTERVAL": 0.25}
WRITERS = "writers"
PATIENCE = 1.0
"""Seconds that a writer of a drill waits for a silent node: less than the outage that is measured."""
PROBE_SECONDS = 1.0
NEARLY_CAUGHT_UP = 100
"""Entries that a node may lack under load and count as having rejoined."""
START_SECONDS = 90.0
"""Seconds that the programs may take to start, on a machine that is busy with other work."""


@dataclass
class Stage:
    """The verbs of a scenario. Nodes, programs and places go by their names.

    programs: monitor, monitor2, replicator, ...: each is also the place from which it reaches the servers.
    """

    cluster: Cluster
    links: Links
    scenario: Scenario
    book: Book = field(default_factory=Book)
    observer: Observer = field(init=False)
    programs: dict[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._watched = self.cluster.fresh_nodes(timeout=PROBE_SECONDS)

    @property
    def servers(self) -> ScratchServers:
        """The three servers."""
        return self.cluster.servers

    @property
    def lease(self) -> float:
        """Seconds of a lease."""
        return self.cluster.conf.lease_seconds

    @property
    def detection(self) -> float:
        """Seconds in which a watcher is to see a failure."""
        return self.cluster.conf.failure_threshold * self.cluster.conf.probe_interval

    @property
    def takeover(self) -> float:
        """Seconds within which another node must take writes, with room for a busy machine."""
        return 2 * (self.lease + self.detection) + 8

    # Programs

    def program(self, name: str) -> Program:
        """Return a monitor or replicator at its own place, started."""
        if name not in self.programs:
            command = name.rstrip("0123456789").replace("replicator", "replicate")
            environment = self.servers.environment(self.links.ports(name)) | self.scenario.variables
            self.programs[name] = Program([command], environment, self.servers.directory / f"{name}.log")
        self.programs[name].start()
        return self.programs[name]

    def raise_curtain(self, ending: ExitStack) -> None:
        """Start the replicators, then the monitors and Celery, and wait until they work."""
        for name in cast("replicator", self.scenario.replicators):
            self.program(name)
        self.cluster.wait_for_primary("main", START_SECONDS)
        self.cluster.settle(START_SECONDS)
        monitors = [self.program(name) for name in cast("monitor", self.scenario.monitors)]
        self.wait("the monitors", lambda: all(monitor.said for monitor in monitors), START_SECONDS)
        if self.scenario.celery:
            self.hire(ending)

    def hire(self, ending: ExitStack) -> None:
        """Start a broker, and pairs of a worker and a beat."""
        environment = self.servers.environment(self.links.ports("worker")) | self.scenario.variables
        staff = Workers(self.servers.directory, environment, ending)
        self.programs["broker"] = staff.broker
        for turn in range(1, self.scenario.celery + 1):
            self.programs[f"worker{turn}"] = staff.worker("health", "--pool", "solo", turn=turn)
            self.programs[f"beat{turn}"] = staff.beat(turn)

    @contextmanager
    def under_load(self) -> Iterator[None]:
        """Writers are at work in the block, each through links of its own place."""
        with writing(self.cluster, self.scenario.writers, self.dial) as self.book:
            yield

    def dial(self, name: NodeName) -> Connection:
        """Return a writer's connection."""
        return self.servers.connect(name, "app", PATIENCE, self.links.link(WRITERS, name).port)

    # Faults of servers

    def kill(self, *names: str) -> None:
        """SIGKILL for nodes and programs."""
        for name in names:
            if name in self.programs:
                self.programs[name].kill()
            else:
                self.cluster.kill(name)
                self.links.look(name)

    def stop(self, name: str) -> None:
        """Shut a server down in good order."""
        self.servers.local[NodeName(name)].stop()

    def start(self, name: str) -> None:
        """Start a server and wait until it answers."""
        self.cluster.start(name)

    def freeze(self, name: str) -> None:
        """SIGSTOP for a node or a program."""
        self.programs[name].freeze() if name in self.programs else self.cluster.freeze(name)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self.programs[name].resume() if name in self.programs else self.cluster.resume(name)

    # Faults of links

    def cut(self, source: str | None, target: str | None, condition: Condition = BLACK_HOLE) -> None:
        """Put the links of a place (None: of all) to a node (None: to all) under a condition."""
        self.links.set(condition, source=source, target=target)

    def isolate(self, name: str, but: tuple[str, ...] = (), condition: Condition = BLACK_HOLE) -> None:
        """Cut a node off from all places but some, in both directions."""
        self.cut(None, name, condition)
        self.cut(name, None, condition)
        for place in but:
            self.cut(place, name, OPEN)

    def open(self, source: str | None, target: str | None) -> None:
        """Let links work again."""
        self.cut(source, target, OPEN)

    def heal(self) -> None:
        """All links work."""
        self.cut(None, None, OPEN)

    # Looking

    def view(self) -> ClusterView:
        """All nodes, by direct connections."""
        return observe(self._watched)

    @property
    def epoch(self) -> int:
        """The newest epoch that began."""
        return self.view().epoch

    def connect(self, name: str, account: str = "app", timeout: float = 5.0) -> Connection:
        """Return a direct connection to a node."""
        return self.cluster.connect(name, account, timeout)

    def wait(self, what: str, fits: Callable[[], bool], timeout: float) -> None:
        """Wait for a state of things. Raises TimeoutError that names it."""
        deadline = time.monotonic() + timeout
        while not fits():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {timeout:.0f} s; {self.state_in_words()}")
            time.sleep(POLL)

    def wait_for_primary(self, name: str | None = None, timeout: float | None = None) -> None:
        """Wait until a node (None: any) takes writes."""

        def fits() -> bool:
            primary = self.view().primary
            return primary is not None and name in (None, primary.name)

        self.wait(f"{name or 'a primary'} takes writes", fits, timeout or self.takeover)

    def state_in_words(self) -> str:
        """Return what is seen of the nodes, for a message."""
        view = self.view()
        seen = [
            f"{name} {state.mode} epoch {state.promised} led {state.led}" if state else f"{name} silent"
            for name in NodeName
            for state in [view.state(name)]
        ]
        return f"primary {view.primary and view.primary.name}, {'; '.join(seen)}"

    # Commands

    def manage(self, *args: str, timeout: float = 60.0, input: str | None = None) -> Any:
        """Run a verb as an operator does; its CompletedProcess."""
        return self.cluster.manage(*args, timeout=timeout, input=input)

    def status(self) -> dict[str, Any]:
        """`cluster_status --json`."""
        answer: dict[str, Any] = json.loads(self.manage("cluster_status", "--json").stdout)
        return answer

    # The end

    def mend(self) -> None:
        """Heal all links, start whatever is down or frozen."""
        self.heal()
        for name in list(self.programs):
            self.program(name)
        each(self.servers.local.values(), revive)

    def rejoin(self) -> float:
        """Bring every node back to the primary, Main by its verb; seconds until all are level."""
        began, said = time.monotonic(), ""
        self.wait_for_primary(timeout=30)
        deadline = time.monotonic() + 60
        while not self.level():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The nodes did not rejoin: {self.state_in_words()}. {said}")
            if self.main_is_away():
                said = self.manage("recover_main").stderr
            time.sleep(POLL)
        return time.monotonic() - began

    def main_is_away(self) -> bool:
        """Whether Main answers and has not joined the present epoch, which waits for an operator."""
        view = self.view()
        main = view.state(NodeName.MAIN)
        return main is not None and view.primary is not None and main.led < view.primary.led

    def level(self) -> bool:
        """Whether every node follows the present primary closely."""
        view = self.view()
        lags = [view.lag_entries(name) for name in NodeName]
        joined = {state.led for state in view.reachable}
        near = all(lag is not None and lag <= NEARLY_CAUGHT_UP for lag in lags)
        return view.primary is not None and len(joined) == 1 and near


def cast(role: str, number: int) -> list[str]:
    """Return the names of the programs of a role: monitor, monitor2, ..."""
    return [role if turn == 1 else f"{role}{turn}" for turn in range(1, number + 1)]


@contextmanager
def staged(servers: ScratchServers, scenario: Scenario, fast: bool = False) -> Iterator[Stage]:
    """Give a cluster in its first state, with the programs of the scenario at work; and its end."""
    servers.overrides = DEFAULT | (FAST if fast else {}) | dict(scenario.policy)
    for log in servers.directory.glob("*.log"):
        log.unlink()
    try:
        with servers.pointed() as conf, ExitStack() as ending:
            servers.reset()
            cluster = Cluster(servers, conf)
            ending.callback(cluster.end)
            links = Links({name: node.port for name, node in servers.local.items()})
            ending.callback(links.close)
            stage = Stage(cluster, links, scenario)
            ending.enter_context(introduced(cluster, links))
            ending.callback(end_programs, stage)
            cluster.begin(replicator=False)
            stage.raise_curtain(ending)
            stage.observer = ending.enter_context(observing(cluster))
            yield stage
    finally:
        servers.overrides = {}


def end_programs(stage: Stage) -> None:
    """Kill what still runs."""
    for program in stage.programs.values():
        program.kill()
