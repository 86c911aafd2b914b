"""Whether the site can save now, for its pages."""

from cluster.backend.view import shared


def is_writable() -> bool:
    """Whether a node takes writes, as this process saw it last; no page waits for a node that is silent."""
    return shared().current().primary is not None
