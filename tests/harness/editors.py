"""People who use the site: signed in with a role, and what their browsers send."""

from html.parser import HTMLParser

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.test import Client


def person(role: str, name: str = "") -> User:
    """Somebody with this role; the same again for the same name."""
    somebody, _ = get_user_model().objects.get_or_create(username=name or role)
    somebody.groups.set([Group.objects.get(name=role)])
    return somebody


def signed_in(role: str, name: str = "") -> Client:
    """Return a browser that somebody with this role has signed in with."""
    client = Client()
    client.force_login(person(role, name))
    return client


class Fields(HTMLParser):
    """The input fields of the forms that save something."""

    def __init__(self) -> None:
        super().__init__()
        self.saving = False
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Fields count inside a form that saves."""
        given = dict(attrs)
        if tag == "form":
            self.saving = "data-saves" in given
        elif tag == "input" and self.saving and given.get("name"):
            self.found[str(given["name"])] = given.get("value") or ""


def typed(page: bytes) -> dict[str, str]:
    """Return what a browser would send of a page's form if nobody changed anything."""
    fields = Fields()
    fields.feed(page.decode())
    return fields.found
