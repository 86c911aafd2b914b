"""The search of the pages and that of the SQL console: one rule, by words that begin so."""

import random
import string
from dataclasses import dataclass

import MySQLdb
import pytest

from tests.harness.title_sql import call, refusal, run
from titles.catalogue.limits import MOST_ROWS
from titles.models import Title
from titles.reading import queries, search
from titles.reading.keyset import VOTES
from titles.reading.queries import Wanted

NAMES = (
    "The Godfather",
    "the Star Wars of M",
    "Star Trek: the Movie",
    "M",
    "O'Brien's Night",
    "L'Été (à deux)",
    "Ete sans fin",
    "Éa",
    "Spider-X-Man",
    "100% Pure",
    "100 Nights",
    "a_b",
    "%",
    "_",
    "C:\\Temp!",
    "Café \U0001f3ac",
    "天空の城ラピュタ",
)


@dataclass
class Both:
    """The two ways to search."""

    console: MySQLdb.Connection

    def by_site(self, term: str) -> list[str]:
        """Return the keys that the pages show, those with most votes first."""
        page = queries.page(Wanted(search=term, order=VOTES), size=MOST_ROWS)
        return [title.tconst for title in page.titles]

    def by_console(self, term: str) -> list[str]:
        """Return the keys that the procedure answers."""
        return [row[0] for row in call(self.console, "distributed_search", term, MOST_ROWS)]


@pytest.fixture(scope="module")
def titles() -> dict[str, str]:
    """Return a name for each key."""
    return {f"tt{1_000_001 + number}": name for number, name in enumerate(NAMES)}


@pytest.fixture
def both(cluster, titles) -> Both:
    Title.objects.bulk_create(
        Title(tconst=key, primary_title=name, num_votes=number % 3 or None, average_rating=number % 3 and 7)
        for number, (key, name) in enumerate(titles.items())
    )
    return Both(cluster.connect("main").raw())


FOUND = {
    "godf": {"The Godfather"},
    "GODFATHER the": {"The Godfather"},
    "  the   star ": {"the Star Wars of M", "Star Trek: the Movie"},
    "star m": {"the Star Wars of M", "Star Trek: the Movie"},
    "star o": {"the Star Wars of M"},
    "brien": {"O'Brien's Night"},
    "o'brien": {"O'Brien's Night"},
    "night": {"O'Brien's Night", "100 Nights"},
    "ête": {"L'Été (à deux)", "Ete sans fin"},
    "ete l": {"L'Été (à deux)"},
    "été A": {"L'Été (à deux)"},
    "ea": {"Éa"},
    "m": {"M"},
    "the": {"The Godfather", "the Star Wars of M"},
    "spider x": {"Spider-X-Man"},
    "+wars*": {"the Star Wars of M"},
    "wars -(": set(),
    "100%": {"100% Pure", "100 Nights"},
    "%": {"%"},
    "_": {"_"},
    "a_": {"a_b"},
    "c:\\": {"C:\\Temp!"},
    "temp !": set(),
    "café \U0001f3ac": {"Café \U0001f3ac"},
    "天空": {"天空の城ラピュタ"},
    "ather": set(),
    "TT1000001": {"The Godfather"},
    "tt10000": set(NAMES),
    "tt1000001 star": set(),
    "'; -- ": set(),
    '"star wars"': {"the Star Wars of M"},
}


def test_site_and_console_find_the_same_in_the_same_order(both, titles, subtests):
    for term, names in FOUND.items():
        with subtests.test(term):
            found = both.by_console(term)
            assert {titles[key] for key in found} == names
            assert both.by_site(term) == found


def test_no_text_breaks_out_of_its_words(both):
    chance = random.Random(3)
    signs = string.punctuation + "\t\n aÉ天"
    for _ in range(60):
        text = "".join(chance.choices(signs, k=chance.randrange(1, 12)))
        if text.strip():
            assert both.by_site(text) == both.by_console(text), text


def test_of_too_many_those_that_begin_so_are_read(both, titles, monkeypatch):
    monkeypatch.setattr(search, "MOST_ROWS", 5)
    Title.objects.bulk_create(
        Title(tconst=f"tt{2_000_000 + n}", primary_title=f"A Star {n}") for n in range(9)
    )
    page = queries.page(Wanted(search="star"))
    assert page.full
    assert "Star Trek: the Movie" in {title.primary_title for title in page.titles}


def test_a_term_is_refused_where_nothing_or_too_much_was_given(both, subtests):
    for unfit in ["", "  ", None, "x" * 1025]:
        with subtests.test(unfit):
            assert "1 to 1024 characters" in refusal(both.console, "distributed_search", unfit, 10)


def test_words_that_the_index_leaves_out_are_searched_otherwise(cluster):
    """INNODB_FT_DEFAULT_STOPWORD and the lengths are the server's."""
    root = cluster.connect("main", "root").raw()
    sql = "SELECT GROUP_CONCAT(value SEPARATOR ' ') FROM information_schema.INNODB_FT_DEFAULT_STOPWORD"
    common = run(root, sql)[0][0]
    least, most = run(root, "SELECT @@innodb_ft_min_token_size, @@innodb_ft_max_token_size")[0]
    words = ("the", common, "x" * (least - 1), "x" * (most + 1), "x" * least, "x" * most, "thea")
    found = run(root, f"SELECT {', '.join(['indexed_words(%s)'] * len(words))}", *words)[0]
    assert found == ("", "", "", "", f"+{'x' * least}*", f"+{'x' * most}*", "+thea*")
