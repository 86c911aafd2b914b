"""How long writers had no primary at a failover. Pure."""

from dataclasses import dataclass
from typing import Final

IDLE_SECONDS: Final = 10.0
"""A cluster whose log was silent for so long beside a failover had no writer: its probes tell the downtime then."""


@dataclass(frozen=True, slots=True)
class WriteGap:
    """The write downtime of a failover, in seconds since 1970; from the log where somebody was writing."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return round(max(self.ended - self.began, 0.0), 3)


def write_gap(
    last: float | None, first: float | None, missed: float | None, opened: float
) -> WriteGap | None:
    """Return from the last entry of the old epoch to the first of the new one, in seconds since 1970.

    An old entry long before the first failed probe, and a new one long after the promotion, say that nobody wrote:
    the probe and the promotion stand in for them. None when neither log nor probe says when it began.
    """
    began = missed if last is None or (missed is not None and missed - last > IDLE_SECONDS) else last
    if began is None:
        return None
    return WriteGap(began, opened if first is None or first - opened > IDLE_SECONDS else first)
