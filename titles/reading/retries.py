"""Reads that outlive the node that they began on: another one has the rows."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError

from cluster.backend import NotAcknowledged

T = TypeVar("T")
P = ParamSpec("P")

TIMEOUT: Final = 3.0
"""Seconds for which a read is begun again."""
PAUSE: Final = 0.05


def retried(read: Callable[P, T]) -> Callable[P, T]:
    """Begin a read again when its connection breaks; the router then picks a node that answers.

    Only for what writes nothing. Raises what the last attempt raised.
    """

    @wraps(read)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                return read(*args, **kwargs)
            except NotAcknowledged:
                raise
            except (OperationalError, InterfaceError):
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    return attempt
