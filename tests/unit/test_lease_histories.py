"""Leases and claims in random histories: are two nodes ever writable at one moment?

Clocks start anywhere and run up to 1 % fast or slow; messages take time, some very long; nodes crash and
restart; any number of renewers and promoters run, each blind to the others.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cluster.actions.steps.lease import renew
from cluster.protocol.names import NodeName
from tests.harness.coordinators import LEASE, promoting
from tests.harness.histories import CANDIDATES, WAYS
from tests.harness.ledger import Violation
from tests.harness.profiles import profile
from tests.harness.rules import Rule, clock_read_late, lease_outlives_claim, no_consent
from tests.harness.world import Body, Coordinator, World, virtual_time

QUICK = (0.001, 0.001, 0.01, 0.05)
"""Seconds that a message may take."""


@dataclass(frozen=True)
class Traffic:
    """How coordinators come and work.

    rate: how likely one starts in a step. promoters: their share, the others renew. slow, slow_promoters: the
    share of renewers and of promoters whose messages take one of `delays`, in seconds.
    """

    rate: float
    promoters: float = 0.1
    slow: float = 0.3
    slow_promoters: float = 0.3
    delays: tuple[float, ...] = (0.01, 0.4, 5.0)


BUSY = Traffic(rate=0.1)
USUAL = Traffic(rate=0.05)
SPARSE = Traffic(rate=0.02, promoters=0.3, slow=0.8, slow_promoters=0.0, delays=(0.01, 5.0))
"""Seldom a renewal and often a slow one: leases run at their limit."""
PLACES = ("everywhere", "not Main", "not Main", "not Node A", "not Node A")
"""What a promoter can reach; a renewer reaches everything."""
CROWD = 8
"""Coordinators at one time."""


def renewing_blindly(name: NodeName) -> Body:
    """Renew the lease of one node, whatever the others say."""

    def body(c: Coordinator) -> None:
        voters = [node for node in c.nodes.values() if node.name is not name]
        renew(c.nodes[name], voters, c.world.servers[name].promised, LEASE)

    return body


class LeaseHistory:
    """A world in which every call takes its time."""

    def __init__(self, seed: int, traffic: Traffic) -> None:
        self.traffic = traffic
        self.r = random.Random(seed)
        self.world = World({name: self.clock() for name in NodeName})
        self.due: dict[Coordinator, float] = {}
        self.delays: dict[Coordinator, tuple[float, ...]] = {}
        for way in WAYS:
            self.world.cut |= {("not Main", NodeName.MAIN, way), ("not Node A", NodeName.NODE_A, way)}
        self.writable_steps = 0

    def clock(self) -> tuple[float, float]:
        """Return the offset and the rate of a clock."""
        return self.r.uniform(-1e6, 1e6), self.r.uniform(0.99, 1.01)

    def start(self) -> None:
        """One more coordinator: some promote, most renew where they find a lease."""
        holders = [server.name for server in self.world.servers.values() if server.lease]
        if self.r.random() < self.traffic.promoters:
            place, slow = self.r.choice(PLACES), self.traffic.slow_promoters
            coordinator = self.world.start(place, promoting(self.r.choice(CANDIDATES)))
        elif holders:
            slow = self.traffic.slow
            coordinator = self.world.start("everywhere", renewing_blindly(self.r.choice(holders)))
        else:
            return
        self.delays[coordinator] = self.traffic.delays if self.r.random() < slow else QUICK
        self.due[coordinator] = self.later(coordinator)

    def later(self, coordinator: Coordinator) -> float:
        """When the next call of a coordinator arrives."""
        return self.world.now + self.r.choice(self.delays[coordinator])

    def step(self) -> None:
        """Let some time pass; what is due happens."""
        if len(self.due) < CROWD and self.r.random() < self.traffic.rate:
            self.start()
        for server in self.world.servers.values():
            if self.r.random() < (0.0005 if server.up else 0.02):
                server.crash() if server.up else server.restart()
        self.world.elapse(self.r.choice((0.001, 0.01, 0.1)))
        for coordinator in [c for c, moment in self.due.items() if moment <= self.world.now]:
            coordinator.advance(1)
            self.due[coordinator] = max(self.later(coordinator), coordinator.wake)
            if coordinator.dead:
                del self.due[coordinator]
        self.writable_steps += any(server.writable for server in self.world.servers.values())

    def play(self, seconds: float) -> int:
        """Return the steps with a writable node. Raises Violation when there are two."""
        while self.world.now < seconds:
            self.step()
        self.world.close()
        return self.writable_steps


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give the verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


def play_all(seeds: range, traffic: Traffic) -> int:
    """Return the steps with a writable node in all of these histories. Raises Violation."""
    return sum(LeaseHistory(seed, traffic).play(200) for seed in seeds)


@pytest.mark.parametrize("traffic", [BUSY, USUAL, SPARSE])
def test_never_two_writable_nodes(traffic: Traffic) -> None:
    seeds = range(profile().histories // 3)
    assert play_all(seeds, traffic) > 500 * len(seeds)  # they were worth looking at


@pytest.mark.parametrize(
    ("broken", "traffic"),
    [(no_consent, USUAL), (lease_outlives_claim, USUAL), (clock_read_late, SPARSE)],
)
def test_a_missing_rule_is_found(broken: Rule, traffic: Traffic, patch: pytest.MonkeyPatch) -> None:
    broken(patch)
    with pytest.raises(Violation, match=r"^\(b\)"):
        play_all(range(200), traffic)
