"""Steps of a verb in words, for whoever wants to hear them while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressCallback = Callable[[str], None]

_on_progress: ContextVar[ProgressCallback | None] = ContextVar("say", default=None)


@contextmanager
def reporting_steps(on_progress: ProgressCallback) -> Iterator[None]:
    """Collect the steps that are taken in the block."""
    token = _on_progress.set(on_progress)
    try:
        yield
    finally:
        _on_progress.reset(token)


def report_step(sentence: str) -> None:
    """Report a step. Costs nothing where nobody listens."""
    on_progress = _on_progress.get()
    if on_progress is not None:
        on_progress(sentence)
