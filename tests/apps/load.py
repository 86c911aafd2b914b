"""Clients of the trial project that write over HTTP without a break: books by an API, pages by wagtail's forms."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.apps import EDITOR, PASSWORD

TIMEOUT = 60.0
"""Seconds for an answer: a view that meets a failover runs again in it."""
PAGE = {
    "intro": "null", "body-count": "0", "picture": "", "tags": "by-http", "action-publish": "action-publish",
    "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0", "comments-MIN_NUM_FORMS": "0",
    "comments-MAX_NUM_FORMS": "",
}  # fmt: skip
"""What wagtail's form of a new page sends besides its title and its slug."""


@dataclass
class Told:
    """The names of what was told to be done, and what failed."""

    books: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def wait_for_more(self, books: int, pages: int, seconds: float = 60.0) -> None:
        """Wait until so many further writes were told to be done. Raises TimeoutError."""
        wanted, deadline = (len(self.books) + books, len(self.pages) + pages), time.monotonic() + seconds
        while len(self.books) < wanted[0] or len(self.pages) < wanted[1]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.books)} books, {len(self.pages)} pages, {self.failures}")
            time.sleep(0.05)


def signed_in(url: str) -> requests.Session:
    """Return a browser that the editor has signed in with."""
    session = requests.Session()
    address = f"{url}/admin/login/"
    session.get(address, timeout=TIMEOUT)
    form = {"username": EDITOR, "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(address, form, headers={"Referer": address}, timeout=TIMEOUT)
    assert "sessionid" in session.cookies, answer.text
    return session


def create_books(url: str, token: str, client: int, told: Told, over: threading.Event) -> None:
    """One book after the other, each with a name of its own."""
    headers, number = {"Authorization": f"Token {token}"}, 0
    while not over.wait(0.05):
        number += 1
        title = f"http-{client}-{number}"
        answer = requests.post(
            f"{url}/api/books", {"title": title, "price": "1.50"}, headers=headers, timeout=TIMEOUT
        )
        if answer.status_code == 201:
            told.books.append(title)
        else:
            told.failures.append(f"{title}: {answer.status_code} {answer.text[-1000:]}")


def create_pages(url: str, parent: int, told: Told, over: threading.Event) -> None:
    """One page after the other under `parent`, published."""
    session, number = signed_in(url), 0
    address = f"{url}/admin/pages/add/trial/article/{parent}/"
    while not over.wait(0.05):
        number += 1
        slug = f"http-{number}"
        form = PAGE | {"title": slug, "slug": slug, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        answer = session.post(
            address, form, headers={"Referer": address}, timeout=TIMEOUT, allow_redirects=False
        )
        if answer.status_code == 302:
            told.pages.append(slug)
        else:
            told.failures.append(f"{slug}: {answer.status_code} {answer.text[-1000:]}")


@contextmanager
def writing(url: str, token: str, parent: int, clients: int = 3) -> Iterator[Told]:
    """Clients at work; they end after the request that they are in."""
    told, over = Told(), threading.Event()
    threads = [
        threading.Thread(target=create_books, args=(url, token, client, told, over), daemon=True)
        for client in range(clients)
    ]
    threads.append(threading.Thread(target=create_pages, args=(url, parent, told, over), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join(TIMEOUT)
    assert not any(thread.is_alive() for thread in threads)
