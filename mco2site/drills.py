"""Drills from the admin: scenarios on scratch nodes of their own, what each last came to, and two runs compared.

They are run by the tests' own harness in a process of its own, so this works in a checkout and nowhere else.
"""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from cluster.local.processes import spawn
from cluster.views.permissions import require
from mco2site.drill_history import HEIGHT, WIDTH, Play, Run, board, compared, plays, runs

log = logging.getLogger(__name__)

LIST_SECONDS: Final = 30
SHOWN_LINES: Final = 40
DRILL: Final = [sys.executable, "-m", "tests.drill"]


def directory() -> Path:
    """Return where drills leave their history."""
    return Path(settings.VAR_DIR) / "drill"


def listed() -> list[dict[str, str]]:
    """Return all scenarios, as the drill itself lists them; asked once for each version of theirs.

    Raises SubprocessError.
    """
    kept = directory() / f"scenarios-{version()}.json"
    if kept.exists():
        return read(kept.read_text())
    done = subprocess.run(
        [*DRILL, "--list"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=LIST_SECONDS,
        check=True,
    )
    found = read(done.stdout)
    directory().mkdir(parents=True, exist_ok=True)
    for older in directory().glob("scenarios-*.json"):
        older.unlink(missing_ok=True)
    kept.write_text(done.stdout)
    return found


def version() -> int:
    """Return when a scenario was last changed, nanoseconds; 0 without any."""
    files = Path(settings.BASE_DIR).glob("tests/drill/scenarios/*.py")
    return max((file.stat().st_mtime_ns for file in files), default=0)


def read(text: str) -> list[dict[str, str]]:
    """Read the drill's list."""
    found: list[dict[str, str]] = json.loads(text)
    return found


def scenarios() -> list[dict[str, str]]:
    """Return all scenarios; none where the tests are not installed, or the machine is too busy to tell just now."""
    try:
        return listed()
    except subprocess.SubprocessError as error:
        log.warning("The drill did not list its scenarios: %s", error)
        return []


class DrillForm(forms.Form):
    """What to play."""

    numbers = forms.MultipleChoiceField(label="Scenarios", widget=forms.CheckboxSelectMultiple)
    runs = forms.IntegerField(min_value=1, max_value=20, initial=1, label="How often each")
    fast = forms.BooleanField(required=False, label="with the fast settings")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        numbers: Any = self.fields["numbers"]
        numbers.choices = [(one["number"], f"{one['number']} {one['name']}") for one in scenarios()]


def running() -> int | None:
    """Return the process of the drill that runs now."""
    try:
        pid = int((directory() / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    collect(pid)
    return pid if b"tests.drill" in command else None


def collect(pid: int) -> None:
    """Take leave of a drill that this process began and that has ended."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def may(request: HttpRequest) -> None:
    """Require the permission. Raises PermissionDenied."""
    require(request, "drill", "run drills")


def drills(request: HttpRequest) -> HttpResponse:
    """Show what can be played, what is played, what each last came to."""
    may(request)
    found = history()
    context = {
        "title": "Drills",
        "form": DrillForm(),
        "board": board(scenarios(), found),
        "runs": runs(found),
        "width": WIDTH,
        "height": HEIGHT,
    }
    return render(request, "drills.html", admin.site.each_context(request) | context | now_context())


def history() -> list[Play]:
    """Return all plays that are kept."""
    return plays(directory() / "history.jsonl")


def compare(request: HttpRequest) -> HttpResponse:
    """Show two runs side by side; the newest two unless the address names others."""
    may(request)
    found = runs(history())
    second = named(found, request.GET.get("second")) or (found[0] if found else None)
    first = named(found, request.GET.get("first")) or next((run for run in found if run is not second), None)
    context = {
        "title": "Compare drills", "runs": found, "first": first, "second": second,
        "pairs": compared(first, second) if first and second else [],
    }  # fmt: skip
    return render(request, "drills_compare.html", admin.site.each_context(request) | context)


def named(found: Sequence[Run], began: str | None) -> Run | None:
    """Return the run that began at this second."""
    return next((run for run in found if str(run.began) == began), None)


def now_part(request: HttpRequest) -> HttpResponse:
    """Show how far it is."""
    may(request)
    return render(request, "drills_now.html", now_context())


def now_context() -> dict[str, Any]:
    """Return the end of what the running drill has said."""
    log = directory() / "run.log"
    said = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if log.exists() else []
    return {"pid": running(), "said": "\n".join(said)}


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin one, unless one runs."""
    may(request)
    asked = request.POST.copy()
    if only := request.GET.get("only"):  # the button of one scenario, whatever boxes are ticked
        asked.setlist("numbers", [only])
    form = DrillForm(asked)
    if running():
        messages.error(request, "A drill is running. Wait for its end, or end it.")
    elif not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    else:
        begin(form.cleaned_data)
        messages.success(request, "The drill has begun. It goes on when you close the page.")
    return HttpResponseRedirect(reverse("admin:drills"))


def begin(chosen: dict[str, Any]) -> None:
    """Run it in a session of its own: it outlives the request, and this process."""
    directory().mkdir(parents=True, exist_ok=True)
    command = [
        *DRILL,
        *chosen["numbers"],
        "--runs",
        str(chosen["runs"]),
        *(["--fast"] if chosen["fast"] else []),
    ]
    (directory() / "run.log").unlink(missing_ok=True)
    pid = spawn(
        ["/usr/bin/env", "NO_COLOR=1", "COLUMNS=120", *command], directory() / "run.log", settings.BASE_DIR
    )
    (directory() / "pid").write_text(str(pid))


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """End it; its servers end with it."""
    may(request)
    if pid := running():
        os.killpg(pid, signal.SIGINT)
        messages.success(request, "The drill is being ended.")
    return HttpResponseRedirect(reverse("admin:drills"))
