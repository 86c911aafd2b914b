"""Waiting for the followers while a migration changes the tables under them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cluster.actions.steps.observe import observe
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.errors import Refused
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState

POLL = 0.02
STILL_SECONDS = 2.0
"""A follower that has taken nothing for so long has stopped at an entry that its tables cannot hold yet."""
CATCH_UP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Followers:
    """Those of one primary. nodes: all that are asked. names: those that take part. migration: its name, for errors."""

    nodes: Mapping[NodeName, MariaDBNode]
    names: tuple[NodeName, ...]
    primary: NodeState
    migration: str

    def observed(self) -> ClusterView:
        """Return how all nodes are. Raises Refused when somebody else has become the primary."""
        view = observe(self.nodes)
        found = view.primary
        if found is not None and (found.name, found.promised) != (self.primary.name, self.primary.promised):
            raise Refused(
                f"{found.name.label} has taken over in epoch {found.promised} while {self.migration} was under way. "
                "Run migrate again; it goes on where it stopped."
            )
        return view

    def await_caught_up(self) -> None:
        """Wait until the followers have all that the primary has, while nobody writes to it. Raises Refused."""
        self.await_followers(lambda view, follower: view.lag_entries(follower.name) == 0)

    def written(self) -> int:
        """Return the newest entry of the primary."""
        primary = self.observed().state(self.primary.name)
        return primary.last_log_id if primary else 0

    def await_written(self) -> None:
        """Wait until the followers have what is written now, while others go on writing. Raises Refused."""
        written = self.written()
        self.await_followers(lambda _view, follower: follower.watermark.log_id >= written)

    def await_followers(self, fits: Callable[[ClusterView, NodeState], bool]) -> None:
        """Wait for something of every follower. Raises Refused."""
        followers = [name for name in self.names if name is not self.primary.name]
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            view = self.observed()
            states = {name: view.state(name) for name in followers}
            behind = [name.label for name, state in states.items() if state is None or not fits(view, state)]
            if not behind:
                return
            if time.monotonic() > deadline:
                raise Refused(
                    f"{' and '.join(behind)} did not get what was written within {CATCH_UP_SECONDS:.0f} s. See "
                    "cluster_status, then run migrate again; it goes on where it stopped."
                )
            time.sleep(POLL)

    def await_still(self, names: list[NodeName]) -> None:
        """Wait until late nodes have taken all that fits their old shape."""
        last, since = None, time.monotonic()
        deadline = since + CATCH_UP_SECONDS
        while time.monotonic() < min(since + STILL_SECONDS, deadline):
            view = self.observed()
            now = [view.lag_entries(name) for name in names]
            if not any(now):
                return
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(POLL)
