"""Waits with a deadline, and where those stand who do not end."""

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable


def wait_for(fits: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a state of things within a deadline."""
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def stacks(threads: Iterable[threading.Thread]) -> dict[str, list[str]]:
    """Return where each of the threads that have not ended is at work, by its name."""
    frames = sys._current_frames()
    return {
        thread.name: traceback.format_stack(frames[thread.ident])
        for thread in threads
        if thread.ident in frames
    }
