"""What machines ask: load balancers, scripts, Prometheus. No sign-in, no session, an answer within a second."""

import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from cluster.actions.reports import status as reports
from cluster.actions.verification.proof import proof
from cluster.conf import conf
from cluster.nodes.cluster import connect, connect_all
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.probing import BackgroundRequest, state_now
from cluster.protocol.errors import NodeFailed, NodeUnreachable
from cluster.protocol.names import NodeName
from cluster.protocol.view import NodeState
from cluster.views.metrics import exposition

ANSWER_SECONDS: Final = 0.8
"""Seconds that a node may take."""
REMEMBERED: Final = 0.3
"""Seconds for which an answer serves everybody who asks."""


class Check:
    """One node, probed for whoever asks, but not more often than needed."""

    def __init__(self, name: NodeName) -> None:
        self.request: BackgroundRequest[NodeState] = BackgroundRequest(connect(name, timeout=1.0), state_now)
        self._lock = threading.Lock()
        self._at = 0.0
        self._answer: NodeState | str = ""

    def answer(self) -> NodeState | str:
        """Return the node's state, or why it is not known."""
        with self._lock:
            if time.monotonic() - self._at > REMEMBERED:
                self._answer, self._at = self.ask(), time.monotonic()
            return self._answer

    def ask(self) -> NodeState | str:
        """Ask the node itself."""
        self.request.ask()
        try:
            found = self.request.answer(time.monotonic() + ANSWER_SECONDS)
        except (NodeUnreachable, NodeFailed) as error:
            return str(error)
        return found or f"{self.request.node.name.label} does not answer within {ANSWER_SECONDS:g} s."


@cache
def check(process: int, name: NodeName) -> Check:
    """Return the check of this process for a node; a forked process makes its own."""
    return Check(name)


FITS: Final[dict[str, Callable[[NodeState], bool]]] = {
    "primary": lambda state: state.writable,
    "replica": lambda state: state.mode is state.name.following_mode and not state.withdrawn,
    "live": lambda state: True,
}


@require_safe
def health(request: HttpRequest, name: NodeName, wanted: str) -> HttpResponse:
    """Answer 200 when the node is what is wanted, else 503; a sentence either way."""
    found = check(os.getpid(), name).answer()
    if isinstance(found, str):
        return plain(found, 503)
    said = f"{name.label} is in {found.mode} mode and {'takes' if found.writable else 'takes no'} writes."
    return plain(said, 200 if FITS[wanted](found) else 503)


def plain(sentence: str, status: int) -> HttpResponse:
    """Answer with a sentence that nobody keeps."""
    return HttpResponse(
        sentence + "\n", status=status, content_type="text/plain", headers={"Cache-Control": "no-store"}
    )


@require_safe
def status(request: HttpRequest) -> JsonResponse:
    """Return what `cluster_status --json` prints."""
    nodes: dict[NodeName, MariaDBNode] = connect_all(timeout=ANSWER_SECONDS)
    try:
        answer = JsonResponse(reports.status(nodes, conf()) | {"comparison": proof().facts})
    finally:
        for node in nodes.values():
            node.close()
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with what the watch saw, and what has happened, as Prometheus reads it."""
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
