"""Lets a browser or a program read what it has written, whichever process answers and whichever replica is read."""

import math
import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from cluster.backend.context import Position, last_write, remember
from cluster.conf import conf

COOKIE: Final = "cluster_position"
HEADER: Final = "X-Cluster-Position"
"""For programs that keep no cookies: what an answer has in it, the next request sends back."""
FORM = re.compile(r"(\d{1,10})\.(\d{1,20})")


class ReadYourWrites:
    """Carries the position of the last write in a cookie and a header, for as long as a replica may be behind it.

    With CLUSTER_READ_FROM=primary it does nothing. Who forges either reads from the primary, no more.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Remember what this browser wrote, and forget what the thread wrote for others."""
        sent = (request.COOKIES.get(COOKIE, ""), request.headers.get(HEADER, ""))
        known = max(filter(None, map(position_of, sent)), default=None)
        remember(known)
        response = self.get_response(request)
        written = last_write()
        if written not in (None, known) and conf().read_from == "replicas":
            # A replica that is further behind than this is not read at all.
            seconds = math.ceil(conf().read_staleness) + 1
            place = f"{written.epoch}.{written.log_id}"
            response.set_cookie(COOKIE, place, max_age=seconds, httponly=True, samesite="Lax")
            response[HEADER] = place
        return response


def position_of(text: str) -> Position | None:
    """The position in a cookie, None when there is none in it."""
    found = FORM.fullmatch(text)
    return Position(int(found[1]), int(found[2])) if found else None
