"""Reading IMDb's files: what is taken, what is skipped with a reason, what ends the load with a sentence."""

import gzip
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from titles.catalogue import limits
from titles.files import records
from titles.files.importer import Source
from titles.files.problems import Problems
from titles.files.records import Basics, OutOfOrder, Rating, Unsuitable, joined
from titles.files.sorting import SortedFile
from titles.files.tsv import BadRow, FileProblem, Row, TsvFile

SAMPLE = Path(settings.BASE_DIR) / "titles" / "sample"
BASICS = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres"
RATINGS = "tconst\taverageRating\tnumVotes"
FIELDS = st.text(st.characters(exclude_characters="\t\n\r", codec="utf-8"), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One folder for all examples of a property: its files are written over."""
    return tmp_path_factory.mktemp("examples")


@pytest.fixture
def file(tmp_path):
    """Write a file of these lines (text or bytes); return its path."""

    def written(*lines: str | bytes, name: str = "some.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join((x.encode() if isinstance(x, str) else x) + b"\n" for x in lines))
        return path

    return written


def read(path: Path, *columns: str) -> list[Row | BadRow]:
    return list(TsvFile(path, columns).rows())


def basics(tconst: str, title: str = "A Film", *, kind: str = "movie", year: str = "1999") -> str:
    return f"{tconst}\t{kind}\t{title}\t{title}\t0\t{year}\t\\N\t90\tDrama"


def source(file, basics_lines=(), ratings_lines=(), types=None) -> Source:
    return Source.at(
        file(BASICS, *basics_lines, name="basics.tsv"),
        file(RATINGS, *ratings_lines, name="ratings.tsv"),
        types,
    )


@given(rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=20))
def test_rows_come_back_as_they_were_written(folder, rows):
    path = folder / "some.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(["a\tb\tc", *("\t".join(row) for row in rows)]).encode()))
    expected = [Row(n, (_value(a), _value(c))) for n, (a, _, c) in enumerate(rows, start=2)]
    assert read(path, "a", "c") == expected


def _value(text: str) -> str | None:
    return None if text == r"\N" else text


def test_no_value_is_none_and_columns_are_found_by_name(file):
    assert read(file("x\tb\ta", "1\t\\N\t3"), "a", "b") == [Row(2, ("3", None))]


def test_windows_line_ends_and_a_byte_order_mark_are_taken(file):
    assert read(file(b"\xef\xbb\xbfa\tb\r", b"1\t2\r"), "a", "b") == [Row(2, ("1", "2"))]


def test_quotes_and_line_separators_of_other_scripts_are_text(file):
    assert read(file("a\tb", '"x\u2028y\x85z\t"'), "a", "b") == [Row(2, ('"x\u2028y\x85z', '"'))]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1", "has 1 columns, not 2"),
        ("1\t2\t3", "has 3 columns, not 2"),
        ("", "has 1 columns, not 2"),
        (b"1\tcaf\xe9", "is not UTF-8 text (byte 6 of the line)"),
    ],
)
def test_lines_that_cannot_be_read_are_named(file, line, reason):
    assert read(file("a\tb", line, "3\t4"), "a", "b") == [BadRow(2, reason), Row(3, ("3", "4"))]


def problem(path: Path) -> str:
    with pytest.raises(FileProblem) as caught:
        read(path, "a", "b")
    return str(caught.value)


def test_a_missing_column_is_named(file):
    assert "names no column b" in problem(file("a\tx", "1\t2"))


def test_an_empty_file_has_no_header(file):
    assert "names no column a or b" in problem(file())


def test_utf_16_is_not_a_header(file):
    assert "UTF-8" in problem(file("a\tb".encode("utf-16")))


def test_a_missing_file_is_named(tmp_path):
    assert problem(tmp_path / "nothing.tsv").endswith(
        "nothing.tsv cannot be read: No such file or directory."
    )


def test_a_folder_is_not_a_file(tmp_path):
    assert "is not a file" in problem(tmp_path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "cannot be a pipe" in problem(tmp_path / "pipe")


def test_endless_lines_are_not_read_into_memory(file):
    assert "line 2 is longer than" in problem(file("a\tb", b"x" * 3_000_000))


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_compression_is_a_sentence(tmp_path, damage):
    path = tmp_path / "some.tsv.gz"
    lines = "\n".join(["a\tb", *(f"{n * 7919 % 10_007}\t{n}" for n in range(5_000))])
    data = bytearray(gzip.compress(lines.encode()))
    if damage == "cut":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path.write_bytes(data)
    assert "damaged after line" in problem(path)


TCONST = st.from_regex(limits.TCONST, fullmatch=True)
NUMBER = st.one_of(st.none(), st.integers(-5, 200_000).map(str), FIELDS)


@given(st.one_of(TCONST, FIELDS), st.one_of(st.none(), FIELDS, st.just("x" * 1025)), NUMBER, NUMBER)
def test_basics_are_either_within_the_bounds_or_unsuitable(tconst, title, year, runtime):
    try:
        found = records.basics((tconst, "movie", title, year, runtime))
    except Unsuitable:
        return
    assert limits.TCONST.fullmatch(found.tconst)
    assert found.primary_title == title
    assert 1 <= len(found.primary_title) <= limits.TITLE_LENGTH
    assert found.start_year is None or limits.MIN_YEAR <= found.start_year <= limits.MAX_YEAR
    assert found.runtime_minutes is None or limits.MIN_RUNTIME <= found.runtime_minutes <= limits.MAX_RUNTIME
    assert (found.start_year is None, found.runtime_minutes is None) == (year is None, runtime is None)


@given(TCONST, st.integers(0, 100), st.integers(0, limits.MAX_VOTES))
def test_good_ratings_are_exact(tconst, tenths, votes):
    text = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
    assert records.rating((tconst, text, str(votes))) == Rating(tconst, Decimal(tenths).scaleb(-1), votes)


@pytest.mark.parametrize(
    "average", ["10.1", "-0.1", "8.06", "8,1", "", " 8", "1e1", "\u0668.\u0661", "NaN", ".5", "100", None]
)
def test_other_ratings_are_unsuitable(average):
    with pytest.raises(Unsuitable):
        records.rating(("tt0000001", average, "10"))


@pytest.mark.parametrize("votes", ["-1", "1.5", "2147483648", "\u0663", "", None])
def test_other_votes_are_unsuitable(votes):
    with pytest.raises(Unsuitable):
        records.rating(("tt0000001", "8.1", votes))


def test_titles_are_joined_with_their_ratings(file):
    found = source(
        file,
        [basics("tt0000002"), basics("tt0000004", year=r"\N"), basics("tt0000010", kind="short")],
        ["tt0000001\t1.0\t5", "tt0000002\t6.4\t348", "tt0000003\t2.0\t5", "tt0000010\t7\t9"],
    )
    problems = Problems()
    assert list(found.titles(problems)) == [
        (Basics("tt0000002", "movie", "A Film", 1999, 90), Rating("tt0000002", Decimal("6.4"), 348)),
        (Basics("tt0000004", "movie", "A Film", None, 90), None),
        (Basics("tt0000010", "short", "A Film", 1999, 90), Rating("tt0000010", Decimal("7.0"), 9)),
    ]
    assert problems.count == 0


def test_only_wanted_types_are_taken(file):
    lines = [basics("tt0000001"), basics("tt0000002", kind="tvEpisode"), basics("tt0000003", kind="short")]
    found = source(file, lines, types=frozenset({"movie", "short"}))
    assert [title.tconst for title, _ in found.titles(Problems())] == ["tt0000001", "tt0000003"]


def test_bad_and_repeated_rows_are_counted_and_named(file):
    problems = Problems()
    found = source(
        file,
        [basics("tt1"), basics("tt0000002"), basics("tt0000002"), basics("tt0000003", year="1492")],
        ["tt0000002\t6.4\t348", "tt0000009\t11.0\t348"],
    )
    assert [title.tconst for title, _ in found.titles(problems)] == ["tt0000002"]
    assert sorted(map(str, problems.first)) == [
        "basics.tsv line 2 has no identifier (tt and 7 to 10 digits) but 'tt1'",
        "basics.tsv line 4 repeats tt0000002; the first row of it counts",
        "basics.tsv line 5 has '1492' as startYear, which must be 1870 to 2100",
        "ratings.tsv line 3 has '11.0' as averageRating, which must be 0.0 to 10.0",
    ]


def test_only_the_first_problems_are_kept_and_all_are_written(tmp_path, file):
    problems = Problems(tmp_path / "bad")
    list(source(file, [f"bad {n}" for n in range(30)]).titles(problems))
    problems.close()
    assert (problems.count, len(problems.first)) == (30, 20)
    assert (tmp_path / "bad").read_text().splitlines()[29] == "basics.tsv\t31\thas 1 columns, not 9"


def test_a_list_of_bad_rows_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(FileProblem, match="cannot be written"):
        Problems(tmp_path / "no" / "such" / "folder")


def test_files_out_of_order_are_noticed(file):
    with pytest.raises(OutOfOrder):
        list(source(file, [basics("tt0000002"), basics("tt0000001")]).titles(Problems()))


@given(order=st.permutations(range(1, 8)), rated=st.permutations(range(1, 8)))
def test_sorted_sources_give_the_same_titles(folder, order, rated):
    (folder / "b").write_text("\n".join([BASICS, *(basics(f"tt000000{n}") for n in order), "bad"]))
    (folder / "r").write_text("\n".join([RATINGS, *(f"tt000000{n}\t{n}.5\t{n}" for n in rated)]))
    found = Source.at(folder / "b", folder / "r").sorted()
    for _ in range(2):  # both passes
        problems = Problems()
        titles = list(found.titles(problems))
        assert [title.tconst for title, _ in titles] == [f"tt000000{n}" for n in range(1, 8)]
        assert [rating and rating.num_votes for _, rating in titles] == list(range(1, 8))
        assert problems.count == 1


def test_of_repeated_rows_the_first_counts_in_sorted_files_too(file):
    path = file("a\tb", "2\tx", "1\tfirst", "1\tsecond")
    assert list(SortedFile(TsvFile(path, ("a", "b"))).rows()) == [
        Row(3, ("1", "first")),
        Row(4, ("1", "second")),
        Row(2, ("2", "x")),
    ]


def test_joining_reads_both_files_to_their_ends():
    rest = iter([Rating("tt0000009", Decimal(1), 1)])
    assert list(joined(iter(()), rest)) == []
    assert next(rest, None) is None


def test_the_sample_is_whole():
    problems = Problems()
    found = Source.at(SAMPLE / "title.basics.tsv.gz", SAMPLE / "title.ratings.tsv.gz")
    rated = sum(rating is not None for _, rating in found.titles(problems))
    assert (rated, problems.count) == (58_788, 0)
