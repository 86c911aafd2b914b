"""Counts titles, ratings and votes, to know the statistics of a table before it is written."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Sum
from django.utils import timezone

from titles.catalogue import ratings
from titles.models import Title, TitleStatistics


@dataclass
class Counters:
    """How many titles there are; of the rated ones the sum of ratings (in tenths) and the votes.

    Memory grows with the number of different votes, not with the titles.
    """

    titles: int = 0
    tenths: int = 0
    votes: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of_table(cls, using: str) -> "Counters":
        """Return the titles of the database `using` as they are now."""
        stored = Title.objects.using(using)
        counters = cls(titles=stored.count())
        rated = stored.filter(average_rating__isnull=False, num_votes__gt=0)
        for votes, titles, total in (
            rated.order_by().values_list("num_votes").annotate(Count("tconst"), Sum("average_rating"))
        ):
            counters.votes[votes] = titles
            counters.tenths += int(total * 10)
        return counters

    def count(self, rating: Decimal | None, votes: int | None, times: int = 1) -> None:
        """Count a title in, or out with `times` = -1."""
        self.titles += times
        if rating is not None and votes:
            self.votes[votes] += times
            self.tenths += times * int(rating * 10)

    def statistics(self) -> ratings.Statistics:
        """Return mean rating and votes threshold of what was counted."""
        rated = self.votes.total()
        return ratings.Statistics(
            mean_rating=ratings.mean_rating(self.tenths, rated),
            votes_threshold=ratings.votes_threshold(sorted(self.votes.items())),
            titles=self.titles,
            rated_titles=rated,
        )


def changed_row(statistics: ratings.Statistics, using: str) -> TitleStatistics | None:
    """Return the row that is to be stored, or None where the database `using` has it so already."""
    stored = TitleStatistics.objects.using(using).filter(pk=TitleStatistics.ROW).first()
    if stored is not None and TitleStatistics.present(using) == statistics:
        return None
    return TitleStatistics(
        mean_rating=statistics.mean_rating,
        votes_threshold=statistics.votes_threshold,
        titles=statistics.titles,
        rated_titles=statistics.rated_titles,
        refreshed_at=timezone.now(),
    )
