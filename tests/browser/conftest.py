"""A real browser in front of the real site on real nodes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.harness.chromium import launching
from tests.harness.forking import ROOT
from tests.harness.site import PASSWORD, Site, serving

PICTURES = ROOT / "docs" / "pictures"
WRITE_PICTURES = "PICTURES" in os.environ
"""With PICTURES=1 the journeys leave their pictures in the documents, else in the test's own directory."""

IS_DARK = "dark => document.documentElement.classList.contains('dark') === dark"

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's chromium."""
    return launching(browser_type_launch_args)


@pytest.fixture
def site(cluster) -> Iterator[Site]:
    """Give the site in processes of its own, with the watch and the replicator."""
    with serving(cluster) as made:
        yield made


@pytest.fixture
def editor(site: Site, page: Page) -> Page:
    """Return a browser that somebody who may do everything has signed in with. Errors of scripts fail the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{site.url}/accounts/login/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.errors = errors
    return page


class Pictures:
    """Takes pictures of a page, in light and in dark and as a phone shows it."""

    def __init__(self, page: Page, directory: Path) -> None:
        self.page, self.directory = page, directory

    @property
    def are_for_documents(self) -> bool:
        """Whether they are left in the documents, and so are to show a cluster that has been at work for a while."""
        return self.directory == PICTURES

    def take_both(self, name: str) -> None:
        """One picture in light, one in dark."""
        for scheme, path in (("light", name), ("dark", f"{name}-dark")):
            self.page.emulate_media(color_scheme=scheme)
            self.page.reload()  # the admin's own frame asks for the scheme when it loads
            self.page.wait_for_function(IS_DARK, arg=scheme == "dark")
            self.take(path)
        self.page.emulate_media(color_scheme="light")
        self.page.reload()

    def take(self, name: str) -> None:
        """One picture; of each name one is kept."""
        assert re.fullmatch("[a-z-]+", name)
        path = self.directory / f"{name}.png"
        self.page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size > 5_000


@pytest.fixture
def pictures(page: Page, tmp_path: Path) -> Pictures:
    """Where this test's pictures go."""
    page.set_viewport_size({"width": 1100, "height": 700})
    return Pictures(page, PICTURES if WRITE_PICTURES else tmp_path)
