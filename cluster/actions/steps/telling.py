"""Steps of a verb in words, for whoever wants to hear them while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Say = Callable[[str], None]

_say: ContextVar[Say | None] = ContextVar("say", default=None)


@contextmanager
def telling(say: Say) -> Iterator[None]:
    """Hear the steps that are taken in the block."""
    token = _say.set(say)
    try:
        yield
    finally:
        _say.reset(token)


def tell(sentence: str) -> None:
    """A step was taken. Costs nothing where nobody listens."""
    say = _say.get()
    if say is not None:
        say(sentence)
