"""Requests that survive a failover: a view is one transaction with an id, and runs again where its answer was lost."""

import functools
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.http.response import StreamingHttpResponse
from django.template.response import SimpleTemplateResponse

from cluster.backend.writes import write_once

View = Callable[..., HttpResponseBase]
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def retried(view: View) -> View:
    """Decorate a view so that its writes are one transaction, done exactly once, through a failover.

    It may run several times, and all but one of its runs leave nothing in the cluster; so it does nothing else that
    must happen once: a mail, a task, a call of another service belong in `transaction.on_commit`. Raises as write_once.
    """

    @functools.wraps(view)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        done = write_once(lambda: run(view, request, *args, **kwargs))
        # The id is of this call alone: what is found done is its own run, whose answer is kept.
        return cast(HttpResponseBase, done.value)

    return once


def run(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """Run the view to the end of its answer: what is rendered later would read outside of the transaction."""
    for name in request.FILES:
        for upload in request.FILES.getlist(name):
            upload.seek(0)
    answer = view(request, *args, **kwargs)
    if isinstance(answer, SimpleTemplateResponse):
        return answer.render()
    if isinstance(answer, StreamingHttpResponse):
        raise TypeError(f"{view!r} streams its answer; mark it with retries = False.")
    return answer


class RetryRequests:
    """Middleware that lets each view which may write be `retried`, where it stands after that of CSRF.

    A view with `retries = False`, and one that `transaction.non_atomic_requests` marks, is left alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Run a view that may write."""
        left_alone = getattr(view, "retries", True) is False or hasattr(view, "_non_atomic_requests")
        if request.method in SAFE or left_alone:
            return None
        return retried(view)(request, *args, **kwargs)
