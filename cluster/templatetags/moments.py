"""How pages write a moment: always in UTC, always with the zone, the full stamp on hover."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def moment(value: datetime | str | None) -> SafeString | str:
    """Time of day; with the date where it is not of today. Takes what events keep as text, too."""
    at = read(value)
    if at is None:
        return ""
    return stamp(at, "%H:%M:%S UTC" if at.date() == datetime.now(UTC).date() else "%Y-%m-%d %H:%M:%S UTC")


@register.filter
def day(value: datetime | str | None) -> SafeString | str:
    """Date and time."""
    at = read(value)
    return "" if at is None else stamp(at, "%Y-%m-%d %H:%M:%S UTC")


def stamp(at: datetime, form: str) -> SafeString:
    """Return an element that tells programs, and whoever points at it, all of it."""
    full = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), full, at.strftime(form))


def read(value: datetime | str | None) -> datetime | None:
    """Return a moment in UTC; one without a zone is of UTC already."""
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
