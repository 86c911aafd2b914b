"""Why a write of a title is refused. The docstring of each class is its message."""

from titles.catalogue import fields
from titles.catalogue.fields import Image


class TitleError(Exception):
    """A title cannot be written so."""

    def __init__(self, **facts: object) -> None:
        super().__init__((self.__doc__ or "").format(**facts))


class NoSuchTitle(TitleError):
    """There is no title {tconst}. It may have been deleted meanwhile; search the list for it."""

    def __init__(self, tconst: str) -> None:
        super().__init__(tconst=tconst)


class TitleExists(TitleError):
    """There is a title {tconst} already. Change that one, or choose another identifier."""

    def __init__(self, tconst: str) -> None:
        super().__init__(tconst=tconst)


class TooManyVotes(TitleError):
    """{tconst} has {votes} votes; with {count} more they would pass the largest number. Add fewer."""

    def __init__(self, tconst: str, votes: int, count: int) -> None:
        super().__init__(tconst=tconst, votes=votes, count=count)


class Conflict(TitleError):
    """Somebody else has changed {tconst} meanwhile: {names}. Compare both versions and save again."""

    def __init__(self, tconst: str, now: Image, names: list[str]) -> None:
        super().__init__(tconst=tconst, names=", ".join(fields.label(name) for name in names))
        self.now = now
        """What is stored."""
        self.names = names
        """The fields in which it is not what the edit began from."""


class Outdated(Conflict):
    """{tconst} is no longer what you have seen. Open it again, then repeat the change."""

    def __init__(self, tconst: str, now: Image) -> None:
        super().__init__(tconst, now, [])
