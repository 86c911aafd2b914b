"""HTTP's Idempotency-Key as the id of a transaction."""

import uuid
from typing import Protocol

NAMESPACE = uuid.UUID("6f1d0c0e-2a86-4c3b-9a6e-0f5a7f6d3c11")


class HasKey(Protocol):
    """A user, as far as this needs to know one."""

    pk: object


def transaction_id_for(request_user: HasKey, key: str) -> str:
    """Return the transaction id of a user's key: the same each time, and never another user's.

    Users are distinguished by their primary key; all that are not signed in are one. Raises ValueError for an
    empty key.
    """
    if not key.strip():
        raise ValueError("The Idempotency-Key is empty: choose one for each write, such as a random UUID.")
    # The length stands before the user, so that no two pairs of user and key make the same text.
    user = "" if request_user.pk is None else str(request_user.pk)
    return str(uuid.uuid5(NAMESPACE, f"{len(user)}:{user}:{key}"))
