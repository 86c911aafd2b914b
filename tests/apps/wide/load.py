"""Visitors who buy and sign up without a break, by the forms of oscar and allauth."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.apps.load import TIMEOUT

SIGN_UP, BASKET = "/accounts/signup/", "oscar_open_basket"
WORD = "correct horse battery"


@dataclass
class Told:
    """What was told to be done: baskets by number, visitors by name; and what failed, with the answer."""

    baskets: list[int] = field(default_factory=list)
    visitors: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def wait_for_more(self, count: int, seconds: float = 120.0) -> None:
        """Wait until so many further baskets and visitors were told to be done. Raises TimeoutError."""
        wanted = (len(self.baskets) + count, len(self.visitors) + count)
        deadline = time.monotonic() + seconds
        while len(self.baskets) < wanted[0] or len(self.visitors) < wanted[1]:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{len(self.baskets)} baskets, {len(self.visitors)} visitors, {self.failed}"
                )
            time.sleep(0.05)


def visitor(url: str) -> tuple[requests.Session, dict[str, str]]:
    """Return a new browser, and what its forms send besides. One that met the death of Main is asked for again."""
    session = requests.Session()
    deadline = time.monotonic() + TIMEOUT
    while not (page := session.get(f"{url}{SIGN_UP}", timeout=TIMEOUT)).ok:
        if time.monotonic() > deadline:
            page.raise_for_status()
        time.sleep(0.1)
    return session, {"csrfmiddlewaretoken": session.cookies["csrftoken"]}


def buy(url: str, product: int, client: int, told: Told, over: threading.Event) -> None:
    """Put a product into one basket after the other."""
    session, form = visitor(url)
    number = 0
    while not over.wait(0.05):
        number += 1
        session.cookies.pop(BASKET, None)
        answer = session.post(
            f"{url}/basket/add/{product}/", form | {"quantity": "1"}, timeout=TIMEOUT, allow_redirects=False
        )
        if answer.status_code == 302 and BASKET in session.cookies:
            told.baskets.append(int(session.cookies[BASKET].strip('"').split(":")[0]))
        else:
            told.failed[f"basket {client}-{number}"] = f"{answer.status_code} {answer.text[-500:]}"


def sign_up(url: str, told: Told, over: threading.Event) -> None:
    """Make one account after the other."""
    number = 0
    while not over.wait(0.05):
        number += 1
        session, form = visitor(url)
        name = f"http-{number}"
        form |= {"username": name, "email": f"{name}@example.com", "password1": WORD, "password2": WORD}
        answer = session.post(f"{url}{SIGN_UP}", form, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code == 302:
            told.visitors.append(name)
        else:
            told.failed[name] = f"{answer.status_code} {answer.text[-500:]}"


@contextmanager
def visiting(url: str, product: int, clients: int = 2) -> Iterator[Told]:
    """Visitors at work; they end after the request that they are in."""
    told, over = Told(), threading.Event()
    threads = [
        threading.Thread(target=buy, args=(url, product, client, told, over), daemon=True)
        for client in range(clients)
    ]
    threads.append(threading.Thread(target=sign_up, args=(url, told, over), daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join(TIMEOUT)
    assert not any(thread.is_alive() for thread in threads)
