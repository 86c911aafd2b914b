"""The site as its visitors meet it: gunicorn in processes of its own, and editors with browsers that count."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from cluster.local import free_ports
from tests.harness import forking
from tests.harness.cluster import Cluster
from tests.harness.editors import typed
from tests.harness.programs import Program
from tests.harness.waiting import wait_for

PASSWORD = "correct horse battery staple"
GUNICORN = (str(Path(sys.executable).with_name("gunicorn")),)
THINKING = 0.25
"""Seconds between an editor's requests for a form: a steady load, not all that two cores can bear."""
SERVED = ["mco2site.wsgi", "--workers", "2", "--threads", "8", "--keep-alive", "60", "--no-control-socket"]


@dataclass
class Site:
    """A running site. environment: of its processes, also for more of them."""

    url: str
    environment: dict[str, str]
    programs: dict[str, Program]

    def sign_in(self) -> requests.Session:
        """Return a browser that the user admin has signed in with."""
        session = requests.Session()
        address = f"{self.url}/accounts/login/"
        page = session.get(address, timeout=20).text
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = session.post(address, form, headers={"Referer": address}, timeout=20)
        assert "Sign out" in answer.text, answer.text
        return session


@contextmanager
def serving(cluster: Cluster, **variables: str) -> Iterator[Site]:
    """Give the site with the watch and the replicator, each a process of its own, on the nodes of a test."""
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    port, directory = free_ports(1)[0], cluster.servers.directory
    environment = cluster.servers.environment() | {"ADMIN_PASSWORD": PASSWORD} | variables
    forking.run(["create_admin"], environment, timeout=30).check_returncode()
    commands = {
        "replicator": (["replicate"], ()),
        "monitor": (["monitor"], ()),
        "web": ([*SERVED, "--bind", f"127.0.0.1:{port}"], GUNICORN),
    }
    with ExitStack() as ending:
        programs = {}
        for name, (command, program) in commands.items():
            programs[name] = Program(command, environment, directory / f"{name}-{port}.log", program)
            ending.callback(programs[name].kill if name != "web" else programs[name].stop)
            programs[name].start()
        site = Site(f"http://127.0.0.1:{port}", environment, programs)
        wait_for(lambda: answers(f"{site.url}/standing"), 30)
        wait_for(lambda: "Saving waits" not in requests.get(f"{site.url}/", timeout=20).text, 30)
        yield site


def answers(url: str) -> bool:
    """Whether somebody listens and answers."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


@dataclass
class Counters:
    """What editors have met: seconds of each request, what failed, and which writes were told to be done."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    """Title by transaction id."""

    @property
    def longest(self) -> float:
        """Of all requests, in seconds."""
        return max(self.seconds, default=0.0)

    def wait_for(self, more: int, timeout: float = 20.0) -> None:
        """Wait until so many further writes are done. Raises TimeoutError."""
        wanted, deadline = len(self.done) + more, time.monotonic() + timeout
        while len(self.done) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.done)} of {wanted} writes. {self.failures}")
            time.sleep(0.02)


class Editor(threading.Thread):
    """Opens a title, sends its form, reads the page that it is led to, again and again."""

    def __init__(self, site: Site, tconst: str, counters: Counters, over: threading.Event) -> None:
        super().__init__(name=f"editor-{tconst}", daemon=True)
        self.site, self.tconst, self.counters, self.over = site, tconst, counters, over
        self.session = site.sign_in()

    def run(self) -> None:
        """Add a review, then change the name, by turns."""
        turn = 0
        while not self.over.wait(THINKING):
            turn += 1
            page = f"{self.site.url}/titles/{self.tconst}"
            if turn % 2:
                self.save(page, f"{page}/reviews", {"count": "1", "rating": "8.0"})
            else:
                self.save(f"{page}/edit", f"{page}/edit", {"primary_title": f"Title {turn}"})

    def save(self, opened: str, address: str, changes: dict[str, str]) -> None:
        """Open a form and send it."""
        page = self.ask(lambda: self.session.get(opened, timeout=30))
        if page is None:
            return
        form = typed(page.content) | changes
        headers = {"Referer": address}
        saved = self.ask(
            lambda: self.session.post(address, form, headers=headers, timeout=30, allow_redirects=False)
        )
        if saved is not None and saved.status_code == 302:
            self.counters.done[saved.headers["X-Transaction-Id"]] = self.tconst
            self.ask(lambda: self.session.get(f"{self.site.url}{saved.headers['Location']}", timeout=30))

    def ask(self, request: Callable[[], requests.Response]) -> requests.Response | None:
        """One request, counted; None when it failed."""
        began = time.monotonic()
        try:
            answer = request()
        except requests.RequestException as error:
            self.counters.failures.append(f"{self.name}: {error}")
            return None
        self.counters.seconds.append(time.monotonic() - began)
        if answer.status_code >= 400:
            self.counters.failures.append(
                f"{self.name}: {answer.status_code} {answer.url} {answer.text[-1500:]}"
            )
            return None
        return answer


@contextmanager
def editing(site: Site, tconsts: list[str]) -> Iterator[Counters]:
    """Give a steady load of edits, an editor a title."""
    counters, over = Counters(), threading.Event()
    editors = [Editor(site, tconst, counters, over) for tconst in tconsts]
    for editor in editors:
        editor.start()
    try:
        counters.wait_for(len(editors))
        yield counters
    finally:
        over.set()
        for editor in editors:
            editor.join(40)
    assert not [editor.name for editor in editors if editor.is_alive()]
