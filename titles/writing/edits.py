"""Every write of a title, one verb each: for the pages, the API and the commands alike.

A verb returns when a second node has the write, with its receipt. It may be repeated with the same transaction
id, also after its outcome was unknown: it is done once. Raises TitleError, and NoPrimary or NotAcknowledged
of cluster.backend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, router

from cluster.backend import Written, write_once
from titles.catalogue import fields, limits, ratings
from titles.catalogue.errors import Conflict, NoSuchTitle, Outdated, TitleExists, TooManyVotes
from titles.catalogue.fields import Image
from titles.models import Title, TitleStatistics

Seen = str | frozenset[str] | None
"""The version, or one of the versions, that a title must be of; None for any."""


def create(tconst: str, image: Image, *, transaction_id: str | None = None) -> Written[None]:
    """Store a new title. Raises TitleExists."""
    return write_once(partial(_create, tconst, image), transaction_id=transaction_id)


def edit(tconst: str, before: Image, after: Image, *, transaction_id: str | None = None) -> Written[None]:
    """Change the fields in which `after` differs from `before`, which the editor has seen.

    Fields that somebody else changed meanwhile are kept when this edit is not about them.
    Raises Conflict, NoSuchTitle.
    """
    return write_once(partial(_edit, tconst, before, after), transaction_id=transaction_id)


def replace(
    tconst: str, after: Image, *, seen: Seen = None, transaction_id: str | None = None
) -> Written[None]:
    """Give a title these fields, if it still is of a version that was seen. Raises Outdated, NoSuchTitle."""
    return write_once(partial(_replace, tconst, after, seen), transaction_id=transaction_id)


def delete(tconst: str, *, seen: Seen = None, transaction_id: str | None = None) -> Written[None]:
    """Remove a title, if it still is of the version that was seen. Raises Outdated, NoSuchTitle."""
    return write_once(partial(_delete, tconst, seen), transaction_id=transaction_id)


def add_reviews(
    tconst: str, count: int, rating: Decimal, *, transaction_id: str | None = None
) -> Written[None]:
    """Add so many reviews of this rating. Raises NoSuchTitle, TooManyVotes."""
    return write_once(partial(_add_reviews, tconst, count, rating), transaction_id=transaction_id)


def restore(
    tconst: str, image: Image, *, seen: Seen = None, transaction_id: str | None = None
) -> Written[None]:
    """Give a title the fields that it had once; one that was deleted comes back. Raises Outdated."""
    return write_once(partial(_restore, tconst, image, seen), transaction_id=transaction_id)


@dataclass(frozen=True)
class Row:
    """A title that is to be stored whether it exists or not."""

    tconst: str
    image: Image


@dataclass(frozen=True)
class Stored:
    """What storing some rows did, or would do, in titles."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged
        )


def store(rows: Sequence[Row], *, transaction_id: str | None = None) -> Written[Stored]:
    """Insert or update these titles in one transaction."""
    return write_once(partial(_store, rows), transaction_id=transaction_id)


def locked(tconst: str) -> Title:
    """Return the title, locked until the transaction ends. Raises NoSuchTitle."""
    title = Title.objects.select_for_update().filter(pk=tconst).first()
    if title is None:
        raise NoSuchTitle(tconst)
    return title


def _create(tconst: str, image: Image) -> None:
    # The server says whether there is one: at this isolation level a read before would not keep others out.
    try:
        Title(tconst=tconst, **image).save(force_insert=True)
    except IntegrityError as error:
        raise TitleExists(tconst) from error


def _edit(tconst: str, before: Image, after: Image) -> None:
    title = locked(tconst)
    now = fields.image(title)
    claimed = fields.claimed(before, after)
    clashing = [name for name in claimed if now[name] not in (before[name], after[name])]
    if clashing:
        raise Conflict(tconst, now, clashing)
    _change(title, {name: after[name] for name in claimed})


def _replace(tconst: str, after: Image, seen: Seen) -> None:
    _change(_as_seen(tconst, seen), after)


def _delete(tconst: str, seen: Seen) -> None:
    _as_seen(tconst, seen).delete()


def _as_seen(tconst: str, seen: Seen) -> Title:
    """Return the title, locked. Raises Outdated when it is of another version."""
    title = locked(tconst)
    now = fields.image(title)
    allowed = {seen} if isinstance(seen, str) else seen
    if allowed is not None and fields.version(now) not in allowed:
        raise Outdated(tconst, now)
    return title


def _add_reviews(tconst: str, count: int, rating: Decimal) -> None:
    title = locked(tconst)
    votes = title.num_votes or 0
    if votes + count > limits.MAX_VOTES:
        raise TooManyVotes(tconst, votes, count)
    average = ratings.with_reviews(title.average_rating, title.num_votes, count, rating)
    _change(title, {"average_rating": average.rating, "num_votes": average.votes})


def _restore(tconst: str, image: Image, seen: Seen) -> None:
    try:
        _replace(tconst, image, seen)
    except NoSuchTitle:
        _create(tconst, image)


def _store(rows: Sequence[Row]) -> Stored:
    known = Title.objects.select_for_update().in_bulk([row.tconst for row in rows])
    changed = [row for row in rows if row.tconst not in known or fields.image(known[row.tconst]) != row.image]
    statistics = TitleStatistics.present(router.db_for_write(TitleStatistics))
    titles = [Title(tconst=row.tconst, **row.image) for row in changed]
    for title in titles:
        title.weigh(statistics)
    if titles:
        stored = [*fields.EDITABLE, "weighted_rating"]
        Title.objects.bulk_create(titles, update_conflicts=True, update_fields=stored)
    inserted = sum(row.tconst not in known for row in changed)
    return Stored(inserted, len(changed) - inserted, len(rows) - len(changed))


def _change(title: Title, values: dict[str, object]) -> None:
    """Store what differs, if anything does: a trigger logs even an update without effect."""
    changed = [name for name, value in values.items() if getattr(title, name) != value]
    for name in changed:
        setattr(title, name, values[name])
    if changed:
        title.save(update_fields=changed)
