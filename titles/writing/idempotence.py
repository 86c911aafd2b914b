"""The id of a request's write: chosen before the first attempt, the same for every repetition."""

import hashlib
import re
import uuid
from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import User
from django.http import HttpRequest

from cluster.backend import transaction_id_for

SENDER: Final = re.compile(r"u([0-9]{1,18})-")
"""The beginning of a transaction id that names the user by key."""
FIELD = "idempotency_key"
"""The hidden field of every form that writes."""


def new_key() -> str:
    """Return a key for a form that is shown for the first time."""
    return uuid.uuid4().hex


def form_key(request: HttpRequest) -> str:
    """Return the key of the form that was sent, or a new one for a form that is shown."""
    return request.POST.get(FIELD) or new_key()


def transaction_id(request: HttpRequest, content: str = "") -> str:
    """Return the id that a request's write gets. It names its sender, for the log and every history.

    A key is its sender's own: two users with the same key are two writes. The same form sent twice is one
    write; sent again with another content it is another.
    """
    key = request.headers.get("Idempotency-Key") or request.POST.get(FIELD)
    sender: Any = request.user
    if not key:
        return f"u{sender.pk}-{uuid.uuid4()}"
    text = hashlib.sha256(content.encode()).hexdigest()
    return f"u{sender.pk}-{transaction_id_for(sender, f'{request.method} {request.path} {text} {key}')}"


def senders(transaction_ids: Iterable[str]) -> dict[str, str]:
    """Return who made these transactions, by transaction id: user names, as far as they are known here."""
    keys = {one: int(found[1]) for one in transaction_ids if (found := SENDER.match(one))}
    names = User.objects.in_bulk(set(keys.values()))
    return {one: names[key].get_username() if key in names else f"user {key}" for one, key in keys.items()}
