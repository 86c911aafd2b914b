"""What the background threads of a process have in common."""

import logging
import os

from cluster.background import PerProcess, WarnOnce


def test_each_process_has_its_own(monkeypatch):
    own = PerProcess(object)
    assert own.existing() is None
    first = own.get()
    assert own.get() is first
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        assert own.existing() is None
        assert own.get() is not first
    assert own.pop() is first
    assert own.get() is not first


def test_a_problem_is_logged_once_until_it_is_solved(caplog):
    warnings = WarnOnce(logging.getLogger("test"), "It waits: %s")
    for problem in ("no disk", "no disk", "no network"):
        warnings.warn(OSError(problem))
    warnings.clear()
    warnings.warn(OSError("no network"))
    assert caplog.messages == ["It waits: no disk", "It waits: no network", "It waits: no network"]
