"""Tokens with which programs write through the API. Of each only a hash is stored, in the control database."""

import hashlib
import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


class ApiToken(models.Model):
    """One token of a user. The token itself is shown once and nowhere kept."""

    digest = models.CharField(primary_key=True, max_length=64, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"token of {self.user}"


def issue(user: User) -> str:
    """Return a new token for the user. 256 random bits need no slow hash: nobody can guess one from it."""
    token = secrets.token_urlsafe(32)
    ApiToken.objects.create(digest=_digest(token), user=user)
    return token


def revoke(user: User) -> int:
    """End all tokens of the user; return how many there were."""
    return ApiToken.objects.filter(user=user).delete()[0]


def owner(token: str) -> User | None:
    """Return who a token belongs to; None for one that is unknown or whose user may no longer sign in."""
    found = ApiToken.objects.filter(digest=_digest(token)).select_related("user").first()
    return found.user if found and found.user.is_active else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
