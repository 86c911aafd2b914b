"""Requests that survive a failover: a view is one transaction with an id, and runs again where its answer was lost."""

import copy
import functools
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.http.response import StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.functional import SimpleLazyObject, empty

from cluster.backend.writes import write_once

View = Callable[..., HttpResponseBase]
BODY = frozenset(
    {"_stream", "_read_started", "_body", "_post", "_files", "_post_parse_error", "_upload_handlers"}
)
"""What a request knows of its body, which is read once."""
FILLED = ("session", "_messages")
"""What a view fills on a request."""
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def retried(view: View) -> View:
    """Decorate a view so that its writes are one transaction, done exactly once, through a failover.

    It may run several times, and all but one of its runs leave nothing in the cluster; so it does nothing else that
    must happen once: a mail, a task, a call of another service belong in `transaction.on_commit`. Raises as write_once.
    """

    @functools.wraps(view)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        as_it_came = Snapshot(request)

        def attempt() -> HttpResponseBase:
            as_it_came.restore()
            return run(view, request, *args, **kwargs)

        done = write_once(attempt)
        # The id is of this call alone: what is found done is its own run, whose answer is kept.
        return cast(HttpResponseBase, done.value)

    return once


class Snapshot:
    """What a request carried before its view ran: a run that was undone leaves rows there which are not in any table.

    What was not fetched yet, such as `request.user`, is fetched by each run anew; the session and the messages for the
    user have what they had.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.attributes = {name: value for name, value in vars(request).items() if name not in BODY}
        self.filled = {name: copied(vars(vars(request)[name])) for name in FILLED if name in vars(request)}

    def restore(self) -> None:
        """Let the request carry that, and nothing else but its body."""
        own = vars(self.request)
        for name in own.keys() - BODY - self.attributes.keys():
            del own[name]
        for name, value in self.attributes.items():
            own[name] = copy.copy(value) if is_unfetched(value) else value
        for name, kept in self.filled.items():
            state = vars(self.attributes[name])
            state.clear()
            state.update(copied(kept))


def copied(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state with lists and data of its own."""
    own = {name: list(value) if type(value) is list else value for name, value in state.items()}
    return own | {name: copy.deepcopy(value) for name, value in own.items() if type(value) is dict}


def is_unfetched(value: object) -> bool:
    """Return whether it is an object that is made when it is first used, and was not."""
    return isinstance(value, SimpleLazyObject) and vars(value).get("_wrapped") is empty


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
