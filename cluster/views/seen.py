"""The newest observation of the watch, as pages read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError

from cluster.actions.operations.verbs import Verb
from cluster.actions.reports import observations
from cluster.protocol.health import Health
from cluster.protocol.names import NodeName

ROLES: Final = {
    "PRIMARY": "takes writes",
    "ACTING_MASTER": "takes writes in place of Main",
    "VICE": "vice-master, takes over from Main",
    "REPLICA": "replica, third vote",
    "RECOVERING": "recovering",
    "UNKNOWN": "unreachable",
}
SEVERITIES: Final = {
    Health.HEALTHY: "good",
    Health.DEGRADED: "warning",
    Health.FAILED_OVER: "warning",
    Health.NO_PRIMARY: "bad",
    Health.UNKNOWN: "bad",
}
WRITES: Final = ("PRIMARY", "ACTING_MASTER")


@dataclass(frozen=True)
class SeenNode:
    """A node as it was seen."""

    name: NodeName
    facts: dict[str, Any]

    def __getattr__(self, key: str) -> Any:
        """Return a fact by its name."""
        if key.startswith("__"):
            raise AttributeError(key)
        return self.facts.get(key)

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name.label

    @property
    def role(self) -> str:
        """Its role in words."""
        if self.mode in WRITES and not self.writable:
            return "former primary, takes no writes"
        return ROLES[self.mode]

    @property
    def lag(self) -> str:
        """How far it is behind, in words."""
        if not self.reachable or self.lag_entries is None:
            return "unknown"
        if not self.lag_entries:
            return "in sync"
        entries = "1 entry" if self.lag_entries == 1 else f"{self.lag_entries:,} entries"
        return f"{entries}, {self.lag_seconds or 0:.1f} s"


@dataclass(frozen=True)
class Seen:
    """What the monitor saw. at: seconds since 1970; age: seconds since then, None before the first probe. broken: why
    it is not known.
    """

    facts: dict[str, Any]
    age: float | None
    watcher: str = ""
    at: float = 0.0
    broken: str = ""

    @property
    def stale(self) -> bool:
        """Whether it says nothing about now."""
        return self.age is None or self.age > observations.STALE_SECONDS

    @property
    def nodes(self) -> list[SeenNode]:
        """The three nodes."""
        known = self.facts.get("nodes", {})
        return [
            SeenNode(name, known.get(name.value, {"mode": "UNKNOWN", "reachable": False}))
            for name in NodeName
        ]

    def node(self, name: NodeName) -> SeenNode:
        """Return one of them."""
        return next(node for node in self.nodes if node.name is name)

    @property
    def primary(self) -> SeenNode | None:
        """The node that took writes."""
        found = self.facts.get("primary")
        return self.node(NodeName(found)) if found else None

    @property
    def overtaken(self) -> bool:
        """Whether others have promised more than the primary, so that it has to begin a new epoch."""
        return bool(self.facts.get("overtaken"))

    def refusal(self, verb: Verb, node: NodeName | None) -> str:
        """Return why the action itself would refuse; empty where it would try."""
        reasons: dict[str, str] = self.facts.get("refusals", {}).get(verb.name, {})
        return reasons.get(node.value, "") if node and verb.nodes else next(iter(reasons.values()), "")

    @property
    def epoch(self) -> int:
        """The newest epoch."""
        return int(self.facts.get("epoch", 0))

    @property
    def sentence(self) -> str:
        """What the watch says."""
        return str(self.facts.get("sentence", ""))

    def __iter__(self) -> Iterator[SeenNode]:
        return iter(self.nodes)

    @property
    def state(self) -> Health:
        """The state of the cluster, as the monitor decided; Unknown when its view is old."""
        return Health.UNKNOWN if self.stale else Health(self.facts.get("state", Health.UNKNOWN))

    @property
    def severity(self) -> str:
        """How bad the state is: good, warning, bad."""
        return SEVERITIES[self.state]

    @property
    def orphans(self) -> int:
        """Orphaned transactions that wait for a decision, as far as is known."""
        return self.facts.get("orphans") or 0


def seen() -> Seen:
    """Return the newest observation; one query on the control database, none on a node."""
    found = observations.newest()
    if found is None:
        return Seen({}, None)
    return Seen(found.facts, observations.age(found), found.watcher, found.seen_at.timestamp())


def observed_or_nothing() -> Seen:
    """Return the newest observation; nothing while the control database has no tables yet."""
    try:
        return seen()
    except DatabaseError as error:
        return Seen({}, None, broken=str(error))
