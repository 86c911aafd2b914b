"""The fields of a title that people change, as an image: what a form began from, what two people wrote."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal

from titles.models import Title

EDITABLE = ("primary_title", "start_year", "runtime_minutes", "average_rating", "num_votes")
"""In the order in which forms, conflicts and histories show them."""
FIELDS = {field.name: field for field in Title._meta.concrete_fields}
COLUMNS = {name: str(FIELDS[name].column) for name in EDITABLE}
TOGETHER = ("average_rating", "num_votes")
"""A rating is the average of its votes: who changes one of the two has read the other."""

NAMELESS = "Give the title a name."
UNRATED_VOTES = "There are votes, so give the rating too, or no votes."

Image = dict[str, object]
"""A value for each EDITABLE field."""


def image(title: Title) -> Image:
    """Return a title's fields as they are now."""
    return {name: getattr(title, name) for name in EDITABLE}


def of_columns(values: Mapping[str, object]) -> Image:
    """Return the fields of a row image of the log, by columns."""
    return {name: value_of(name, values.get(column)) for name, column in COLUMNS.items()}


def value_of(name: str, text: object) -> object:
    """Return a field's value out of text or a number. Raises ValidationError."""
    return FIELDS[name].to_python(text)


def are_unrated(votes: int | None, rating: Decimal | None) -> bool:
    """Return whether there are votes that nobody can have given; the sentence for it is UNRATED_VOTES."""
    return bool(votes) and rating is None


def label(name: str) -> str:
    """Return what people call the field."""
    return str(FIELDS[name].verbose_name)


def differing(one: Image, other: Image) -> list[str]:
    """Return the fields in which two images differ."""
    return [name for name in EDITABLE if one[name] != other[name]]


def claimed(before: Image, after: Image) -> list[str]:
    """Return the fields that an edit is about: those it changes, and what belongs to them."""
    changed = differing(before, after)
    bound = TOGETHER if set(changed) & set(TOGETHER) else ()
    return [name for name in EDITABLE if name in changed or name in bound]


def packed(fields: Image) -> str:
    """Return an image as text; equal images give equal texts."""
    values = {name: None if fields[name] is None else str(fields[name]) for name in EDITABLE}
    return json.dumps(values, sort_keys=True)


def unpacked(text: str) -> Image:
    """Return the image of a text that `packed` made. Raises ValueError, KeyError, ValidationError."""
    values = json.loads(text)
    return {name: value_of(name, values[name]) for name in EDITABLE}


def version(fields: Image) -> str:
    """Return a short name for an image: who knows it has seen these values."""
    return hashlib.sha256(packed(fields).encode()).hexdigest()[:20]
