"""The title catalogue as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from titles.catalogue import limits, ratings


class TitlesApp(AppConfig):
    """Registers the catalogue's models, admin and commands, and keeps its roles."""

    name = "titles"
    verbose_name = "Titles"
    sql_constants = {
        "tconst": limits.TCONST.pattern,
        "tconst_in_words": limits.TCONST_IN_WORDS,
        "title_length": limits.TITLE_LENGTH,
        "min_year": limits.MIN_YEAR,
        "max_year": limits.MAX_YEAR,
        "min_runtime": limits.MIN_RUNTIME,
        "max_runtime": limits.MAX_RUNTIME,
        "min_rating": limits.MIN_RATING,
        "max_rating": limits.MAX_RATING,
        "max_votes": limits.MAX_VOTES,
        "most_rows": limits.MOST_ROWS,
        "percentile": ratings.PERCENTILE,
    }
    """What `${name}` stands for in sql/titles."""

    def ready(self) -> None:
        """Make the roles after each `migrate`, as Django makes its own permissions."""
        from titles.roles import make_roles

        post_migrate.connect(make_roles, sender=self)
