"""The first user: `admin`, with the password of ADMIN_PASSWORD."""

from django.conf import settings
from django.contrib.auth import get_user_model

from mco2site.stack.errors import StackError

ADMIN = "admin"


def create_admin() -> bool:
    """Create `admin` unless there is one. Returns whether there was none; raises StackError."""
    users = get_user_model().objects
    if users.filter(username=ADMIN).exists():
        return False
    if not settings.ADMIN_PASSWORD:
        raise StackError("ADMIN_PASSWORD is not set: add it to .env; it signs `admin` in.")
    users.create_superuser(ADMIN, password=settings.ADMIN_PASSWORD)
    return True


def sign_in() -> str:
    """Return the password of `admin`, or a note that somebody changed it."""
    user = get_user_model().objects.get(username=ADMIN)
    known = user.check_password(settings.ADMIN_PASSWORD)
    return settings.ADMIN_PASSWORD if known else "(changed since)"
