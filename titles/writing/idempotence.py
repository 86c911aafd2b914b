"""The id of a request's write: chosen before the first attempt, the same for every repetition."""

import hashlib
import uuid
from typing import Any

from django.http import HttpRequest

from cluster.backend import transaction_id_for

FIELD = "idempotency_key"
"""The hidden field of every form that writes."""


def new_key() -> str:
    """A key for a form that is shown for the first time."""
    return uuid.uuid4().hex


def form_key(request: HttpRequest) -> str:
    """The key of the form that was sent, or a new one for a form that is shown."""
    return request.POST.get(FIELD) or new_key()


def transaction_id(request: HttpRequest, content: str = "") -> str | None:
    """The id that a request's write gets; None when its sender chose no key.

    A key is its sender's own: two users with the same key are two writes. The same form sent twice is one
    write; sent again with another content it is another.
    """
    key = request.headers.get("Idempotency-Key") or request.POST.get(FIELD)
    if not key:
        return None
    text = hashlib.sha256(content.encode()).hexdigest()
    sender: Any = request.user
    return transaction_id_for(sender, f"{request.method} {request.path} {text} {key}")
