"""Debian's chromium, as playwright is to launch it."""

import os
import shutil

import pytest

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# Playwright's loop runs in the thread of the test, where Django would refuse to ask a database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def launching(options: dict[str, object]) -> dict[str, object]:
    """Return the options of a launch. Fail the test where it is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is not installed: scripts/bootstrap.sh --tests installs it.")
    return options | {"executable_path": chromium, "args": QUIET}
