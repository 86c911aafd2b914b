"""What may happen to a cluster, one small step at a time, in any order; and how every history has to end."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from cluster.actions.steps.orphans import file_orphaned_entries
from cluster.actions.steps.reconcile import reconcile
from cluster.protocol.entries import Entry, EntryId, Record, newest_by_record
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import MAJORITY, Mode, NodeName
from cluster.protocol.staleness import set_back
from tests.harness import coordinators as bodies
from tests.harness.coordinators import LEASE, Plan
from tests.harness.fake_disk import ORPHANED
from tests.harness.fake_server import Server
from tests.harness.ledger import Violation
from tests.harness.world import Body, Clocks, Coordinator, World

MAIN, NODE_A, NODE_B = NodeName
CANDIDATES = (MAIN, NODE_A)
PLACES = ("c1", "c2", "w1", "w2")
"""Where coordinators and writers run: each place has its own links."""
RECORDS = tuple(Record("title", key) for key in "pqrs")
WAYS = ("ask", "answer")
"""The two directions of a link."""
CROWD = 8
"""Coordinators at one time."""
ATTEMPTS = 3
"""Promotions within which a majority gets a primary."""


class History:
    """A world and the steps that it may take. Every step checks the invariants; `end` checks the last ones."""

    def __init__(self, clocks: Clocks | None = None) -> None:
        self.world = World(clocks)
        self.written = 0
        self.plans: list[Plan] = []
        self.world.run("c1", bodies.promoting(MAIN))

    # Steps

    def start(self, place: str, body: Body, calls: int = 0) -> None:
        """One more coordinator, unless there is a crowd already; it makes some calls at once."""
        if len(self.world.working) < CROWD:
            self.world.start(place, body).advance(calls)

    def write(
        self,
        place: str,
        records: Sequence[tuple[Record, bool]],
        push_to: Sequence[NodeName],
        calls: int = 0,
    ) -> None:
        """Let a writer write: (record, whether the row is deleted)."""
        self.written += 1
        changes = [(r, None if gone else json.dumps({"v": self.written})) for r, gone in records]
        self.plans.append(Plan(f"t{self.written}", changes, push_to))
        self.start(place, bodies.writing(self.plans[-1]), calls)

    def retry(self, place: str, back: int) -> None:
        """Somebody tries again what was written `back` writes ago."""
        if back < len(self.plans):
            self.start(place, bodies.writing(self.plans[-1 - back]))

    def ask(self, name: NodeName, back: int) -> None:
        """Let a writer ask a node whether what was written `back` writes ago is acknowledged."""
        if back < len(self.plans) and self.world.servers[name].up:
            self.world.servers[name].await_acknowledgement(self.plans[-1 - back].transaction_id)

    def advance(self, number: int, calls: int) -> None:
        """Let one coordinator make some calls."""
        if working := self.world.working:
            working[number % len(working)].advance(calls)

    def kill(self, number: int) -> None:
        """End one coordinator where it stands."""
        if working := self.world.working:
            working[number % len(working)].kill()

    def elapse(self, seconds: float) -> None:
        """Let time pass."""
        self.world.elapse(seconds)

    def crash(self, name: NodeName) -> None:
        """End a node's process."""
        self.world.servers[name].crash()

    def deafen(self, name: NodeName) -> None:
        """Let a node take no new connection until it is restarted, or its listener is."""
        self.world.servers[name].deaf = True

    def crash_primary(self) -> None:
        """End the process of the node that takes writes."""
        for server in self.world.servers.values():
            if server.writable:
                server.crash()

    def restart(self, name: NodeName) -> None:
        """Start a node's process."""
        self.world.servers[name].restart()

    def cut(self, place: str, name: NodeName, way: str) -> None:
        """Cut a link in one direction."""
        self.world.cut.add((place, name, way))

    def heal(self, place: str) -> None:
        """Mend all links of a place."""
        self.world.cut -= {link for link in self.world.cut if link[0] == place}

    # The end

    def finish(self, away: NodeName) -> None:
        """End a history that somebody else drives: as `end`, unless it has failed already."""
        if not self.world.ledger.violated:
            self.end(away)
        self.world.close()

    def end(self, away: NodeName) -> None:
        """Without `away` the others get a primary; with it all become equal and nothing is missing."""
        self.world.mend()
        self.world.servers[away].crash()
        self.first_of(next(name for name in CANDIDATES if name is not away))
        self.world.servers[away].restart()
        primary = self.first_of(MAIN)
        for _ in range(2):  # what the second node files comes to the first in the second round
            for name in (primary.name, NODE_A, NODE_B):
                self.world.run("end", self.levelling(primary, name))
        self.check_equal(primary)
        self.check_nothing_lost(primary)
        self.world.close()

    def first_of(self, name: NodeName) -> Server:
        """Promote a node within a few attempts. Invariant (e)."""
        for _ in range(ATTEMPTS):
            self.world.elapse(LEASE)
            try:
                self.world.run("end", bodies.promoting(name, forced=self.is_vouched_for()))
            except ClusterError as error:
                last = error
            else:
                assert self.world.servers[name].writable
                return self.world.servers[name]
        raise Violation(f"(e) {name} cannot be promoted: {last}")

    def is_vouched_for(self) -> bool:
        """Whether an operator has to force the promotion: nobody can tell that no disk was put back."""
        up = [server.state() for server in self.world.servers.values() if server.up]
        return len(up) - len(set_back(up)) < MAJORITY

    @staticmethod
    def levelling(primary: Server, name: NodeName) -> Body:
        """Bring one node level with the primary and file what is orphaned on it."""

        def body(c: Coordinator) -> None:
            target, source = c.nodes[name], c.nodes[primary.name]
            if name is not primary.name:
                reconcile(target, source, primary.promised)
            file_orphaned_entries(target, source, primary.promised)

        return body

    def check_equal(self, primary: Server) -> None:
        """Check that logs and tables are equal everywhere, the tables what the log says. Invariant (d)."""
        replay = {
            record: entry.new_value
            for record, entry in newest_by_record(primary.log.values()).items()
            if entry.new_value is not None
        }
        for server in self.world.servers.values():
            if server.log != primary.log:
                differ = sorted(server.log.keys() ^ primary.log.keys())
                raise Violation(f"(d) the logs of {server} and {primary} differ in {differ}")
            if server.tables != replay:
                rows = sorted(set(server.tables.items()) ^ set(replay.items()))
                raise Violation(f"(d) the tables of {server} are not the log's: {rows}")

    def check_nothing_lost(self, primary: Server) -> None:
        """Every entry is in the log or among the orphans, and no write is there twice. Rule 5."""
        kept = primary.log.keys() | orphans_in(primary.log.values())
        if lost := self.world.ledger.entries.keys() - kept:
            raise Violation(f"(5) {sorted(lost)} are neither in the log nor orphaned")
        if both := primary.log.keys() & orphans_in(primary.log.values()):
            raise Violation(f"(5) {sorted(both)} are in the log and orphaned")
        if left := [s for s in self.world.servers.values() if s.orphaned_entries]:
            raise Violation(f"(5) orphaned entries are left on {left}")
        epochs = {(e.transaction_id, e.epoch) for e in primary.log.values()}
        twice = [t for t, n in Counter(t for t, _ in epochs).items() if n > 1]
        if twice:
            raise Violation(f"{twice} were written twice")


def orphans_in(log: Iterable[Entry]) -> set[EntryId]:
    """Return the identities of the entries that a log names as orphaned transactions, those inside them too."""
    found: set[EntryId] = set()
    for entry in log:
        found |= inside(entry.table_name, entry.new_value)
    return found


def inside(table_name: str, image: str | None) -> set[EntryId]:
    """Return the orphaned entry that a row's image holds, and what that one holds."""
    if table_name != ORPHANED or image is None:
        return set()
    row = Entry(*json.loads(image)[1:], "")
    return {row.id} | inside(row.table_name, row.new_value)


Chance = random.Random
Step = Callable[[History, Chance], None]
CALLS = (1, 2, 3, 5, 8, 13, 21)
"""Calls that a coordinator makes at one go."""
PHASE = 30
"""Steps after which other things become likely."""
SWARM = (0, 0.3, 1, 3)
"""How likely a step may be in a phase, compared to its weight."""


def place(r: Chance) -> str:
    """Where something happens."""
    return r.choice(PLACES)


def anyone(r: Chance) -> NodeName:
    """Any node."""
    return r.choice(list(NodeName))


def some_records(r: Chance) -> list[tuple[Record, bool]]:
    """One to three rows to write, some of them to delete."""
    return [(record, r.random() < 0.2) for record in r.sample(RECORDS, r.choice((1, 1, 2, 3)))]


def push_order(r: Chance) -> list[NodeName]:
    """Where a writer pushes to; some leave it to the replicator."""
    return r.sample(list(NodeName), 3) if r.random() < 0.8 else []


def starting(body: Callable[[Chance], Body]) -> Step:
    """Return the step that starts a coordinator and lets it make its first calls."""
    return lambda h, r: h.start(place(r), body(r), r.choice((0, *CALLS)))


STEPS: dict[str, Step] = {
    "advance": lambda h, r: h.advance(r.randrange(CROWD), r.choice(CALLS)),
    "write": lambda h, r: h.write(place(r), some_records(r), push_order(r), r.choice(CALLS)),
    "retry": lambda h, r: h.retry(place(r), r.randrange(4)),
    "ask": lambda h, r: h.ask(anyone(r), r.randrange(6)),
    "promote": starting(lambda r: bodies.promoting(r.choice(CANDIDATES), waive=r.random() < 0.5)),
    "fail over": starting(lambda r: bodies.failing_over),
    "resume": starting(lambda r: bodies.resuming),
    "recover": starting(lambda r: bodies.recovering(anyone(r))),
    "switchover": starting(lambda r: bodies.switching(r.choice(CANDIDATES))),
    "feed": starting(lambda r: bodies.feeding(anyone(r), r.randrange(1, 6))),
    "watch": starting(lambda r: bodies.watching),
    "renew": starting(lambda r: bodies.renewing),
    "close": starting(lambda r: bodies.closing(anyone(r), r.choice((None, Mode.RECOVERING)))),
    "elapse": lambda h, r: h.elapse(r.choice((0.1, 0.3, 1.0))),
    "rest": lambda h, r: h.elapse(LEASE * 1.2),
    "crash": lambda h, r: h.crash(anyone(r)),
    "crash primary": lambda h, r: h.crash_primary(),
    "deafen": lambda h, r: h.deafen(anyone(r)),
    "restart": lambda h, r: h.restart(anyone(r)),
    "cut": lambda h, r: h.cut(place(r), anyone(r), r.choice(WAYS)),
    "heal": lambda h, r: h.heal(place(r)),
    "kill": lambda h, r: h.kill(r.randrange(CROWD)),
}
"""Every step of a random history."""
WEIGHTS = {
    "advance": 60, "write": 24, "retry": 2, "ask": 2, "promote": 5, "fail over": 6, "resume": 6, "recover": 2,
    "watch": 6, "switchover": 2, "feed": 4, "renew": 8, "close": 1, "elapse": 2.5, "rest": 0.5, "crash": 1,
    "crash primary": 2, "deafen": 0.5, "restart": 6, "cut": 2, "heal": 4, "kill": 3,
}  # fmt: skip
"""How likely each step is."""


def random_history(
    seed: int, steps: int, weights: Mapping[str, float] = WEIGHTS, clocks: Clocks | None = None
) -> History:
    """Play a history of about so many steps and its end. Raises Violation."""
    r = random.Random(seed)
    history = History(clocks)
    for _ in range(max(steps // PHASE, 1)):
        likely = [weight * r.choice(SWARM) for weight in weights.values()]
        for name in r.choices(list(weights), likely, k=PHASE) if any(likely) else ():
            STEPS[name](history, r)
            history.world.check()
    history.end(away=anyone(r))
    return history


def first_violation(seeds: range, steps: int, weights: Mapping[str, float] = WEIGHTS) -> Violation | None:
    """Return what the first history finds that fails."""
    for seed in seeds:
        try:
            random_history(seed, steps, weights)
        except Violation as error:
            return error
    return None
