"""The control database of the process that plays or measures: its own, gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test.utils import setup_databases, teardown_databases

from cluster.conf import CONTROL_ALIAS


@contextmanager
def control_database() -> Iterator[None]:
    """Give a new control database in the block; the nodes are scratch servers and need none."""
    made = setup_databases(verbosity=0, interactive=False, aliases={CONTROL_ALIAS})
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)
