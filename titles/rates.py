"""How many requests a program may send to the API in a minute; each answer says how many are left.

Counted in the memory of each process of the site, so that it works whatever is down: with several processes a program
may send more, never less.
"""

import hashlib
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

PREFIX: Final = "/api/"
SECONDS: Final = 60


class RateLimit:
    """Counts requests to the API by token, else by address; beyond API_RATE_LIMIT a minute it answers 429."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._lock = threading.Lock()
        self._minute, self._sent = 0, Counter[str]()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with what is left in the headers."""
        limit: int = settings.API_RATE_LIMIT
        if not limit or not request.path.startswith(PREFIX):
            return self.get_response(request)
        now = time.time()
        sent, reset = self.count(sender(request), now), math.ceil(SECONDS - now % SECONDS)
        response = self.get_response(request) if sent <= limit else refused(limit, reset)
        response["RateLimit-Limit"] = str(limit)
        response["RateLimit-Remaining"] = str(max(limit - sent, 0))
        response["RateLimit-Reset"] = str(reset)
        return response

    def count(self, name: str, now: float) -> int:
        """Count a request; return how many the sender has sent in this minute."""
        with self._lock:
            if (minute := int(now // SECONDS)) != self._minute:
                self._minute, self._sent = minute, Counter()
            self._sent[name] += 1
            return self._sent[name]


def sender(request: HttpRequest) -> str:
    """Return who sends: a token, of which no more than a hash is kept in memory, else an address."""
    token = request.headers.get("Authorization", "")
    return hashlib.sha256(token.encode()).hexdigest() if token else request.META.get("REMOTE_ADDR", "")


def refused(limit: int, reset: int) -> HttpResponse:
    """Return the answer to whoever sends too much, in the shape of the API's problems."""
    detail = f"More than {limit:,} requests in a minute. Send the next one in {reset} s."
    body = {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": detail,
        "fields": {},
    }
    response = JsonResponse(body, status=429, content_type="application/problem+json")
    response["Retry-After"] = str(reset)
    return response
