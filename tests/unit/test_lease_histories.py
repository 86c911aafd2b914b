"""Leases and claims in random histories: are two nodes ever writable at one moment?

Clocks start anywhere and run up to 1 % fast or slow; messages take time, some very long; nodes crash and
restart; any number of renewers and promoters run, each blind to the others.
"""

import random
from collections.abc import Iterator

import pytest

from cluster.actions.lease import renew
from cluster.protocol.names import NodeName
from tests.harness.coordinators import LEASE, promoting
from tests.harness.histories import CANDIDATES
from tests.harness.ledger import Violation
from tests.harness.profiles import profile
from tests.harness.world import Body, Coordinator, World, virtual_time
from tests.unit.test_protocol_rules import (
    Rule,
    lease_outlives_claim,
    no_consent,
)

DELAYS = {0.001: 40, 0.01: 40, 0.05: 10, 0.4: 5, 4.0: 3}
"""Seconds that a message may take, and how often it does."""
PROMOTERS = 0.05
"""The share of promoters among the coordinators; the others renew."""
CROWD = 6
"""Coordinators at one time."""


def renewing_blindly(name: NodeName) -> Body:
    """Renew the lease of one node, whatever the others say."""

    def body(c: Coordinator) -> None:
        voters = [node for node in c.nodes.values() if node.name is not name]
        renew(c.nodes[name], voters, c.world.servers[name].promised, LEASE)

    return body


class LeaseHistory:
    """A world in which every call takes its time."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.world = World({name: self.clock() for name in NodeName})
        self.due: dict[Coordinator, float] = {}
        self.started = 0
        self.writable_steps = 0

    def clock(self) -> tuple[float, float]:
        """The offset and the rate of a clock."""
        return self.r.uniform(-1e6, 1e6), self.r.uniform(0.99, 1.01)

    def start(self) -> None:
        """One more coordinator, which cannot see every node."""
        self.started += 1
        place = f"c{self.started}"
        for name in NodeName:
            if self.r.random() < 0.2:
                self.world.cut.add((place, name, "ask"))
        if body := self.body():
            self.due[self.world.start(place, body)] = self.later()

    def body(self) -> Body | None:
        """What a coordinator does: some promote, most renew where they find a lease."""
        if self.r.random() < PROMOTERS:
            return promoting(self.r.choice(CANDIDATES))
        holders = [server.name for server in self.world.servers.values() if server.lease]
        return renewing_blindly(self.r.choice(holders)) if holders else None

    def later(self) -> float:
        """When the next call of a coordinator arrives."""
        return self.world.now + self.r.choices(list(DELAYS), list(DELAYS.values()))[0]

    def step(self) -> None:
        """Some time passes; what is due happens."""
        if len(self.due) < CROWD and self.r.random() < 0.2:
            self.start()
        if self.r.random() < 0.005:
            server = self.world.servers[self.r.choice(list(NodeName))]
            server.crash() if server.up else server.restart()
        self.world.elapse(self.r.choice((0.001, 0.01, 0.1)))
        for coordinator in [c for c, moment in self.due.items() if moment <= self.world.now]:
            coordinator.advance(1)
            self.due[coordinator] = max(self.later(), coordinator.wake)
            if coordinator.dead:
                del self.due[coordinator]
        self.writable_steps += any(server.writable for server in self.world.servers.values())

    def play(self, seconds: float) -> int:
        """Steps with a writable node. Raises Violation when there are two."""
        while self.world.now < seconds:
            self.step()
        self.world.close()
        return self.writable_steps


@pytest.fixture(autouse=True)
def patch() -> Iterator[pytest.MonkeyPatch]:
    """The verbs in virtual time."""
    with virtual_time() as patch:
        yield patch


def test_never_two_writable_nodes() -> None:
    writable = [LeaseHistory(seed).play(200) for seed in range(profile().histories // 2)]
    assert sum(writable) > 100 * len(writable)  # they were worth looking at


def play_many(histories: int) -> None:
    """Histories until one is wrong."""
    for seed in range(histories):
        LeaseHistory(seed).play(200)


@pytest.mark.parametrize("broken", [no_consent, lease_outlives_claim])
def test_a_missing_rule_is_found(broken: Rule, patch: pytest.MonkeyPatch) -> None:
    """A clock that is read late is too rare to wait for; test_protocol_rules tells how that goes wrong."""
    broken(patch)
    with pytest.raises(Violation, match=r"^\(b\)"):
        play_many(200)
