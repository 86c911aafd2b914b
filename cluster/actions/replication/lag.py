"""Who does not keep up with the primary: told when it begins, each minute that it lasts, and when it ends."""

from dataclasses import dataclass, field

from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView

REPORT_INTERVAL = 10.0
"""Seconds between two looks: a node that still lacks what the primary held at the last one lags."""
TELL_AGAIN = 60.0
"""Seconds until a lag that goes on is told again."""


@dataclass
class LagReport:
    """What a replicator says of the followers that it can see; a silent one is told of by its feed.

    The age of a node's newest entry would not do: on a quiet night the first write makes it hours.
    """

    held: int = 0
    told_at: dict[NodeName, float] = field(default_factory=dict)

    def sentences(self, view: ClusterView, now: float) -> list[str]:
        """What is to be said after one more look. now: monotonic seconds."""
        primary = view.primary
        if primary is None:
            return []
        seen = [view.state(name) for name in primary.name.others]
        behind = {state.name for state in seen if state and state.entries < self.held}
        level = {state.name for state in seen if state} - behind
        self.held = primary.entries
        return [*self.risen(level), *self.lagging(view, behind, now)]

    def risen(self, level: set[NodeName]) -> list[str]:
        """Those that lagged and do no more."""
        return [f"{name.label} keeps up again." for name in sorted(level) if self.told_at.pop(name, None)]

    def lagging(self, view: ClusterView, behind: set[NodeName], now: float) -> list[str]:
        """Those that lag, where it was not told lately."""
        due = [name for name in sorted(behind) if now - self.told_at.get(name, -TELL_AGAIN) >= TELL_AGAIN]
        self.told_at |= dict.fromkeys(due, now)
        return [
            f"{name.label} lags by {view.lag_entries(name):,} entries for more than {REPORT_INTERVAL:.0f} s."
            for name in due
        ]
