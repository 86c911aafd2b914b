"""Who does not keep up with the primary: reported when it begins, each minute that it lasts, and when it ends."""

from dataclasses import dataclass, field

from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView

REPORT_INTERVAL = 10.0
"""Seconds between two reports: a node that still lacks what the primary held at the last one lags."""
REPEAT_AFTER = 60.0
"""Seconds until a lag that goes on is reported again."""


@dataclass
class LagReport:
    """What a replicator reports of the followers that it can see; its feed reports a silent one.

    The age of a node's newest entry would not do: on a quiet night the first write makes it hours.
    """

    held: int = 0
    reported_at: dict[NodeName, float] = field(default_factory=dict)

    def sentences(self, view: ClusterView, now: float) -> list[str]:
        """Return what is to be reported after one more observation. now: monotonic seconds."""
        primary = view.primary
        if primary is None:
            return []
        seen = [view.state(name) for name in primary.name.others]
        behind = {state.name for state in seen if state and state.entries < self.held}
        caught_up = {state.name for state in seen if state} - behind
        self.held = primary.entries
        return [*self.risen(caught_up), *self.lagging(view, behind, now)]

    def risen(self, caught_up: set[NodeName]) -> list[str]:
        """Return those that lagged and do no more."""
        return [
            f"{name.label} keeps up again." for name in sorted(caught_up) if self.reported_at.pop(name, None)
        ]

    def lagging(self, view: ClusterView, behind: set[NodeName], now: float) -> list[str]:
        """Return those that lag, where it was not reported lately."""
        due = [
            name for name in sorted(behind) if now - self.reported_at.get(name, -REPEAT_AFTER) >= REPEAT_AFTER
        ]
        self.reported_at |= dict.fromkeys(due, now)
        return [
            f"{name.label} lags by {view.lag_entries(name):,} entries for more than {REPORT_INTERVAL:.0f} s."
            for name in due
        ]
