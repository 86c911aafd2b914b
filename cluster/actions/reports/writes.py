"""What became of the transactions of Django's processes, and how long their writers waited: since a moment, or ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Sample, WriteCounter
from cluster.protocol import latency


@dataclass(frozen=True)
class Writes:
    """Transactions by what became of them. latencies: of the acknowledged ones, by the buckets of protocol.latency."""

    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    latencies: tuple[int, ...] = ()
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """All of them."""
        return self.acknowledged + self.refused + self.unknown

    def quantile(self, share: float) -> float | None:
        """Return the seconds within which this share of the acknowledged ones was acknowledged."""
        return latency.quantile(self.latencies, share)

    def facts(self) -> dict[str, Any]:
        """Return what a sample keeps: sums since ever, so that any two samples tell what was between them."""
        kept = (self.acknowledged, self.refused, self.unknown, list(self.latencies))
        return dict(zip(("acknowledged", "refused", "unknown", "latencies"), kept, strict=True))

    def since(self, earlier: "Writes") -> "Writes":
        """Return what was counted after an earlier moment; everything where counting began anew."""
        grown = Writes(
            self.acknowledged - earlier.acknowledged,
            self.refused - earlier.refused,
            self.unknown - earlier.unknown,
            tuple(latency.since(self.latencies, earlier.latencies)),
        )
        return self if min(grown.acknowledged, grown.refused, grown.unknown) < 0 else grown


def of_facts(facts: Mapping[str, Any]) -> Writes | None:
    """Return what a sample has kept; None where it kept nothing of writes."""
    kept = facts.get("writes")
    return Writes(**kept | {"latencies": tuple(kept["latencies"])}) if kept else None


def counted() -> Writes:
    """Return all that was ever counted; one query on the control database."""
    rows = list(WriteCounter.objects.all())
    return Writes(
        sum(row.acknowledged for row in rows),
        sum(row.refused for row in rows),
        sum(row.unknown for row in rows),
        tuple(latency.total(row.latencies for row in rows)),
        sum(row.latency_seconds for row in rows),
    )


def within(now: Writes, at: float, seconds: float) -> Writes | None:
    """Return what was counted in the last seconds, as far as samples reach back; None where there is none."""
    first = Sample.objects.filter(slot__gte=int((at - seconds) // SLOT), facts__has_key="writes").first()
    before = of_facts(first.facts) if first else None
    return now.since(before) if before else None
