"""Operators' own accounts: rows of the control database and a signed cookie, so that signing in needs no node.

Where a site's users and sessions are replicated, nobody could sign in with all nodes dead. An operator can.
"""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from cluster.models import Operator

COOKIE: Final = "cluster_operator"
SALT: Final = "cluster.operators"
SECONDS: Final = 12 * 3600
"""How long a sign-in lasts: a night's shift."""


def authenticate(username: str, password: str) -> Operator | None:
    """Return the active operator of this name and password, None when there is none."""
    operator = Operator.objects.filter(username=username, is_active=True).first()
    return operator if operator is not None and operator.check_password(password) else None


def sign_in(request: HttpRequest, response: HttpResponse, operator: Operator) -> None:
    """Give the browser the operator's cookie, which it sends to the operators' pages until SECONDS are over."""
    operator.mark_signed_in()
    rotate_token(request)
    response.set_cookie(
        COOKIE,
        signing.dumps([operator.pk, operator.get_session_auth_hash()], salt=SALT),
        max_age=SECONDS,
        path=reverse("admin:index"),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def sign_out(response: HttpResponse) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=reverse("admin:index"), samesite="Lax")


def signed_in(request: HttpRequest) -> Operator | None:
    """Return the operator whom the request's cookie names; a changed password or a disabled account ends it."""
    try:
        pk, known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    operator = Operator.objects.filter(pk=pk, is_active=True).first()
    if operator is None or not constant_time_compare(known, operator.get_session_auth_hash()):
        return None
    return operator


class OperatorAccounts:
    """Middleware after AuthenticationMiddleware: who has an operator's cookie is that operator, on operators' pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Ask for the operator only when somebody asks who the user is."""
        if COOKIE in request.COOKIES:
            visitor: object = getattr(request, "user", AnonymousUser())
            request.user = SimpleLazyObject(lambda: signed_in(request) or visitor)  # type: ignore[assignment]
        return self.get_response(request)
