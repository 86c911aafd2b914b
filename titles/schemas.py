"""What the API takes and gives; fields are named as the columns."""

from decimal import Decimal

from ninja import Field, Schema
from pydantic import ConfigDict, field_validator

from titles.catalogue import fields, limits
from titles.models import Title


class TitleOut(Schema):
    """A title as it is stored; null for what is unknown."""

    tconst: str
    primaryTitle: str  # noqa: N815 - the columns' names
    startYear: int | None  # noqa: N815
    runtimeMinutes: int | None  # noqa: N815
    averageRating: float | None  # noqa: N815
    numVotes: int | None  # noqa: N815
    weightedRating: float | None  # noqa: N815

    @classmethod
    def of(cls, title: Title) -> "TitleOut":
        """Return a title as the API gives it."""
        columns = {column: getattr(title, name) for name, column in fields.COLUMNS.items()}
        return cls.model_validate(columns | {"tconst": title.tconst, "weightedRating": title.weighted_rating})


class TitlesOut(Schema):
    """A page of titles. cursor: for the next page, next: its address; null at the end."""

    titles: list[TitleOut]
    cursor: str | None
    next: str | None


class Strict(Schema):
    """Takes the named fields and no others."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def is_text(cls, value: object) -> object:
        """Refuse half a surrogate pair: JSON can write it, and no text holds it."""
        try:
            return value.encode().decode() if isinstance(value, str) else value
        except UnicodeEncodeError as error:
            raise ValueError("This is not valid Unicode text: it holds half a surrogate pair.") from error


class TitleIn(Strict):
    """A title's fields; what is left out is stored as unknown."""

    primaryTitle: str  # noqa: N815
    startYear: int | None = None  # noqa: N815
    runtimeMinutes: int | None = None  # noqa: N815
    averageRating: Decimal | None = None  # noqa: N815
    numVotes: int | None = None  # noqa: N815

    def typed(self) -> dict[str, object]:
        """Return the fields as a form takes them: their text by name."""
        given = {name: getattr(self, column) for name, column in fields.COLUMNS.items()}
        return {name: "" if value is None else str(value) for name, value in given.items()}


class StoredTitleIn(TitleIn):
    """A title as GET gives it. tconst: as in the address. weightedRating: counted from the others, so it is ignored."""

    tconst: str | None = None
    weightedRating: float | None = None  # noqa: N815


class NewTitleIn(TitleIn):
    """A new title."""

    tconst: str


class ReviewsIn(Strict):
    """New reviews of one rating."""

    count: int = Field(1, description="how many")
    rating: Decimal = Field(description=f"{limits.RATING_IN_WORDS} with at most one decimal")


class FiguresOut(Schema):
    """Numbers about all titles, counted a minute ago at most."""

    counted_at: str
    titles_per_year: dict[str, int]
    titles_per_rating: dict[str, int]
    aggregation: list[dict[str, object]]


class ProblemOut(Schema):
    """Why a request was not done, as RFC 9457 shapes it. fields: a sentence for each field that is wrong."""

    type: str
    title: str
    status: int
    detail: str
    fields: dict[str, list[str]] = {}
