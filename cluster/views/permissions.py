"""Who asks for a page, and what the account may do."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def may(request: HttpRequest, permission: str) -> bool:
    """Tell whether the account has a permission on the cluster."""
    user: Any = request.user
    return bool(user.has_perm(f"cluster.{permission}"))


def require(request: HttpRequest, permission: str, what: str) -> None:
    """Refuse an account without the permission. what: how "Your account may not ..." ends. Raises PermissionDenied."""
    if not may(request, permission):
        raise PermissionDenied(f"Your account may not {what}.")


def actor(request: HttpRequest) -> str:
    """Return the name under which the journal keeps what the account does."""
    user: Any = request.user
    return str(user.get_username())
