"""What the comparison in the background has come to, in a sentence and as facts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import DatabaseError, InterfaceError

from cluster.actions.verification.background import ROW
from cluster.models import Comparison

OVERDUE: Final = timedelta(minutes=5)
"""A step that nobody takes for so long: no process is there to take it."""


@dataclass(frozen=True)
class Proof:
    """proven_at: when all nodes were last found equal. share: how much of the present pass is done, 0 to 1.

    differences: how many rows and entries differ, and objects; found: the first of them, in sentences.
    """

    sentence: str
    proven_at: datetime | None = None
    share: float | None = None
    differences: int = 0
    found: tuple[str, ...] = field(default=())

    @property
    def facts(self) -> dict[str, object]:
        """As JSON shows it."""
        return {
            "sentence": self.sentence,
            "proven_at": self.proven_at and self.proven_at.isoformat(timespec="seconds"),
            "share": self.share,
            "differences": self.differences,
            "found": list(self.found),
        }


def proof() -> Proof:
    """Read what is known; one query on the control database, and a sentence when that is away."""
    try:
        row = Comparison.objects.filter(pk=ROW).first()
    except (DatabaseError, InterfaceError) as error:
        return Proof(f"Whether the tables are equal is not known: {error}.")
    return Proof("The tables have not been compared yet.") if row is None else of(row, datetime.now(UTC))


def of(row: Comparison, now: datetime) -> Proof:
    """Return what a row says at a moment."""
    rows = max(row.found_count, row.last_found_count)
    found = (*row.objects_found, *(row.found or row.last_found))
    differences = rows + len(row.objects_found)
    share = min(row.done / row.total, 0.99) if row.total else 0.0
    parts = [differing(differences, found[0])] if differences else []
    if row.proven_at and not differences:
        parts.append(f"All tables were proven equal {ago(now - row.proven_at)} ago.")
    if row.waiting:
        parts.append(f"The comparison waits: {row.waiting.rstrip('.')}.")
    elif now - row.due_at > OVERDUE:
        parts.append(
            f"Nobody compares since {row.due_at:%H:%M} UTC: start manage.py monitor, or a worker and beat."
        )
    elif not row.proven_at or differences or now - row.proven_at > OVERDUE:
        parts.append(f"Comparing: {100 * share:.0f} % of the rows since {row.began_at:%H:%M} UTC.")
    return Proof(" ".join(parts), row.proven_at, round(share, 3), differences, found)


def differing(count: int, first: str) -> str:
    """Return what differs."""
    rest = f" and {count - 1} more" if count > 1 else ""
    return f"The nodes differ: {first.rstrip('.')}{rest}."


def ago(past: timedelta) -> str:
    """Return how long something is past, in words."""
    minutes = int(past.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
