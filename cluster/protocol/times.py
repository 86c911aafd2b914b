"""Times for people."""

from datetime import UTC, datetime


def format_utc(seconds: float | None) -> str:
    """Format a time in UTC; `seconds` since 1970, None for never."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
