"""How long a consent runs. The SQL of the nodes takes it from here (cluster.nodes.schema.fragments)."""

MARGIN = 0.1
"""A consent outlasts its lease by this share, for clocks that run at different speeds."""


def consent_seconds(lease_seconds: float) -> float:
    """Return the seconds for which a consent to a lease of so many seconds runs. Invariant (b)."""
    return lease_seconds * (1 + MARGIN)
