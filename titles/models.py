"""The catalogue: titles, and the few numbers about all of them that weighted ratings need."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, router
from django.utils import timezone

from titles.catalogue import limits, ratings
from titles.files.uploads import Upload
from titles.reading.indexes import FullTextIndex, PrefixIndex
from titles.tokens import ApiToken

__all__ = ["ApiToken", "Title", "TitleStatistics", "Upload"]

WEIGHED = {"average_rating", "num_votes"}
"""What the weighted rating of a title is made of."""


class TitleStatistics(models.Model):
    """Mean rating (C) and votes threshold (m) of all rated titles: one row, refreshed now and then.

    A write of a title reads this row instead of the whole table. It is replicated like the titles.
    """

    ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW, editable=False)
    mean_rating = models.DecimalField(max_digits=6, decimal_places=4)
    votes_threshold = models.PositiveIntegerField()
    titles = models.PositiveIntegerField()
    rated_titles = models.PositiveIntegerField()
    refreshed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "title_statistics"
        verbose_name = verbose_name_plural = "title statistics"

    def __str__(self) -> str:
        return f"mean rating {self.mean_rating}, votes threshold {self.votes_threshold}"

    @classmethod
    def present(cls, using: str) -> ratings.Statistics:
        """Return the numbers as they stand in the database `using`; zeros before the first refresh."""
        row = cls.objects.using(using).filter(pk=cls.ROW).first()
        if row is None:
            return ratings.Statistics()
        return ratings.Statistics(row.mean_rating, row.votes_threshold, row.titles, row.rated_titles)


class Title(models.Model):
    """A film or another work, as IMDb describes it.

    The indexes serve the lists that readers want (titles/reading/queries.py): the best of all, the best of a
    year (or by year), the most voted, those of a rating, those that begin with some letters or have some
    words. Each of the first four holds all columns that lists are filtered and sorted by, and the key where
    its order ends, so that a list is filtered without reading the rows. The last two cost rating
    updates nothing, since those do not touch the title.
    """

    tconst = models.CharField(
        "identifier",
        max_length=12,
        primary_key=True,
        validators=[
            RegexValidator(
                rf"^{limits.TCONST.pattern}\Z",
                f"An identifier is {limits.TCONST_IN_WORDS}, such as tt0111161.",
            )
        ],
    )
    primary_title = models.CharField("title", max_length=limits.TITLE_LENGTH, db_column="primaryTitle")
    runtime_minutes = models.PositiveIntegerField(
        "runtime in minutes",
        null=True,
        blank=True,
        db_column="runtimeMinutes",
        validators=[MinValueValidator(limits.MIN_RUNTIME), MaxValueValidator(limits.MAX_RUNTIME)],
    )
    average_rating = models.DecimalField(
        "rating",
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        db_column="averageRating",
        validators=[MinValueValidator(limits.MIN_RATING), MaxValueValidator(limits.MAX_RATING)],
    )
    num_votes = models.PositiveIntegerField(
        "votes",
        null=True,
        blank=True,
        db_column="numVotes",
        validators=[MaxValueValidator(limits.MAX_VOTES)],
    )
    start_year = models.PositiveSmallIntegerField(
        "year",
        null=True,
        blank=True,
        db_column="startYear",
        validators=[MinValueValidator(limits.MIN_YEAR), MaxValueValidator(limits.MAX_YEAR)],
    )
    weighted_rating = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        db_column="weightedRating",
    )

    class Meta:
        db_table = "title_ft"
        permissions = [
            ("revert_title", "Can give a title back what it was"),
            ("import_title", "Can import many titles"),
        ]
        indexes = [
            models.Index(
                fields=["weighted_rating", "tconst", "start_year", "average_rating", "num_votes"],
                name="title_ft_weighted",
            ),
            models.Index(
                fields=["start_year", "weighted_rating", "tconst", "average_rating", "num_votes"],
                name="title_ft_year_weighted",
            ),
            models.Index(
                fields=["num_votes", "tconst", "start_year", "average_rating", "weighted_rating"],
                name="title_ft_votes",
            ),
            models.Index(
                fields=["average_rating", "start_year", "num_votes", "weighted_rating"],
                name="title_ft_rating",
            ),
            PrefixIndex("primary_title", length=64, name="title_ft_title"),
            FullTextIndex(fields=["primary_title"], name="title_ft_words"),
        ]

    def __str__(self) -> str:
        return f"{self.primary_title} ({self.start_year})" if self.start_year else self.primary_title

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check nothing: there are no constraints, and Django would want a node to check them on."""

    def weigh(self, statistics: ratings.Statistics) -> None:
        """Set the weighted rating that follows from rating and votes."""
        rating, votes = self.average_rating, self.num_votes
        self.weighted_rating = ratings.weighted_rating(
            None if rating is None else Decimal(str(rating)),
            None if votes is None else int(votes),
            statistics,
        )

    def save(
        self,
        *args: object,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Store the title with the weighted rating that fits it (one more row is read for it).

        `QuerySet.update` and bulk methods pass by this and must set the weighted rating themselves.
        """
        using = using or router.db_for_write(type(self), instance=self)
        if update_fields is not None:
            update_fields = set(update_fields)
        if update_fields is None or update_fields & WEIGHED:
            self.weigh(TitleStatistics.present(using))
            update_fields = update_fields and update_fields | {"weighted_rating"}
        super().save(*args, using=using, update_fields=update_fields, **kwargs)
