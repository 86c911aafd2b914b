"""The page of visitors while no node answers."""

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.backend import ClusterError, NoPrimary

RETRY_SECONDS = 5
UNAVAILABLE = (OperationalError, InterfaceError, ClusterError, NoPrimary)


class UnavailableMiddleware:
    """Answers 503 with a sentence and Retry-After for a page whose rows cannot be read now."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page with the reason; None for errors of another kind."""
        if not isinstance(error, UNAVAILABLE):
            return None
        reason = str(error) if isinstance(error, (ClusterError, NoPrimary)) else "No node answers now."
        response = render(request, "titles/unavailable.html", {"reason": reason}, status=503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
