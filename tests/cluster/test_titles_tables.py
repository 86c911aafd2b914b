"""CSV in and out on real nodes: what a dry run promises, an import does, once."""

import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.harness.editors import signed_in
from titles.files import table
from titles.files.uploads import Upload
from titles.models import Title
from titles.writing import bulk

HEADER = "tconst,primaryTitle,startYear,runtimeMinutes,averageRating,numVotes\n"
GOOD = HEADER + "tt0000001,One,1900,1,7.5,10\ntt0000002,Two,,,,\n"


@pytest.fixture
def curator(cluster) -> Client:
    return signed_in("curator")


def send(client: Client, content: str | bytes):
    """Upload a file."""
    data = content if isinstance(content, bytes) else content.encode()
    return client.post("/import", {"file": SimpleUploadedFile("titles.csv", data)})


def numbers(page: bytes) -> list[int]:
    """Return the numbers of the sentence that tells what an import does."""
    sentence = re.search(rb"(import creates|titles created).*", page)[0]
    line = next(line for line in page.decode().splitlines() if sentence.decode() in line)
    return [int(number) for number in re.findall(r"\b(\d+)\b", line)][:3]


def test_a_dry_run_says_what_the_import_then_does(cluster, curator):
    Title.objects.create(tconst="tt0000002", primary_title="Old")
    offered = send(curator, GOOD)
    page = curator.get(offered.url).content
    assert numbers(page) == [1, 1, 0]
    text = page.decode()
    assert "<del>Old</del>" in text
    assert "<ins>Two</ins>" in text
    assert text.index("creates</td>") < text.index("updates</td>")
    assert Title.objects.count() == 1, "a dry run writes nothing"
    assert numbers(curator.post(offered.url).content) == [1, 1, 0]
    assert list(Title.objects.order_by("pk").values_list("pk", "primary_title")) == [
        ("tt0000001", "One"),
        ("tt0000002", "Two"),
    ]
    assert Title.objects.get(pk="tt0000001").weighted_rating is not None


def test_an_import_that_is_sent_twice_is_written_once(cluster, curator):
    address = send(curator, GOOD).url
    curator.post(address)
    Title.objects.filter(pk="tt0000001").update(primary_title="Changed since")
    assert curator.post(address).status_code == 200
    assert Title.objects.get(pk="tt0000001").primary_title == "Changed since"


def test_an_import_that_was_cut_off_goes_on_where_it_was(cluster, monkeypatch):
    monkeypatch.setattr(table, "PART", 2)
    rows = "".join(f"tt{1_000_000 + number},Title {number},,,,\n" for number in range(7))
    read = table.read(HEADER + rows)
    begun = bulk.write(read, "one")
    assert [next(begun).inserted, next(begun).inserted] == [2, 2]
    assert [done.inserted for done in bulk.write(read, "one")] == [0, 0, 2, 1]


def test_bad_lines_are_listed_in_words_and_the_others_imported(curator):
    bad = (
        "tt3,Three,,,,\n"
        "tt0000004,,,,,\n"
        "tt0000005,Five,1492,,,\n"
        "tt0000006,Six,,,,12\n"
        "tt0000007,Seven,soon,,,\n"
        "tt0000001,Again,,,,\n"
        "tt0000008,Eight\n"
    )
    offered = send(curator, GOOD + bad)
    page = curator.get(offered.url).content.decode()
    for sentence in (
        "tconst: An identifier is tt and 7 to 10 digits",
        "primaryTitle: ",
        "startYear: Ensure this value is greater than or equal to 1870.",
        "averageRating: There are votes, so give the rating too",
        "startYear: ",
        "repeats tt0000001",
        "more or fewer values",
    ):
        assert sentence in page
    curator.post(offered.url)
    assert Title.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        ("tconst,primaryTitle\n", "names no column startYear"),
        (HEADER + 'tt0000001,"One', "is not CSV"),
        (b"x" * (table.MOST_BYTES + 1), "at most 10,000,000 are taken"),
        ("", "The file is empty."),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(curator, content, sentence):
    answer = send(curator, content)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Upload.objects.filter(name="refused").exists()


def test_an_upload_is_its_senders_own(cluster, curator):
    address = send(curator, GOOD).url
    assert signed_in("curator", "another").get(address).status_code == 404


def exported(address: str) -> list[dict[str, str]]:
    answer = Client().get(address)
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_what_was_exported_can_be_imported(cluster, curator, monkeypatch):
    monkeypatch.setattr(table, "PART", 2)
    curator.post(send(curator, GOOD + 'tt0000003,"Three, ""quoted""\nand parted",1999,,,\n').url)
    rows = exported("/export.csv")
    assert [row["tconst"] for row in rows] == ["tt0000001", "tt0000002", "tt0000003"]
    assert rows[2]["primaryTitle"] == 'Three, "quoted"\nand parted'
    text = b"".join(Client().get("/export.csv").streaming_content).decode()
    assert table.plan(table.read(text)).unchanged == 3


def test_the_list_is_exported_as_it_is_filtered(cluster, curator):
    curator.post(send(curator, GOOD).url)
    assert [row["tconst"] for row in exported("/export.csv?year=1900")] == ["tt0000001"]
    assert [row["tconst"] for row in exported("/export.csv?search=two")] == ["tt0000002"]


def test_the_command_does_the_same(cluster, tmp_path):
    file = tmp_path / "titles.csv"
    file.write_text(GOOD + "tt3,Three,,,,\n")
    dry = cluster.manage("import_titles", str(file), "--dry-run", "--json")
    assert json.loads(dry.stdout) | {"bad_lines": 1} == json.loads(dry.stdout)
    assert Title.objects.count() == 0
    done = cluster.manage("import_titles", str(file))
    assert done.returncode == 0, done.stderr
    assert "2 titles created, 0 updated, 0 unchanged, 1 lines skipped." in done.stdout
    assert "Line 4 is skipped: tconst: An identifier is tt" in done.stdout
    assert Title.objects.count() == 2
    missing = cluster.manage("import_titles", str(tmp_path / "no.csv"))
    assert missing.returncode == 1


NAMES = ["=1+1", "+44", "-1", "@me", "\tTab", "'=quoted", "''-twice", "'Tis", "Plain = fine"]


def test_no_exported_cell_is_a_formula_and_an_import_takes_it_back_unchanged(cluster, curator):
    """A spreadsheet would run what begins with = + - or @."""
    for number, name in enumerate(NAMES):
        Title.objects.create(tconst=f"tt{1_000_000 + number}", primary_title=name)
    text = b"".join(curator.get("/export.csv?order=identifier")).decode()
    cells = [row["primaryTitle"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert [cell for cell in cells if cell[0] in "=+-@\t\r"] == []
    assert cells[-2:] == NAMES[-2:]
    assert table.plan(table.read(text)).unchanged == len(NAMES)


def test_the_address_of_an_export_is_well_formed(cluster, curator):
    Title.objects.create(tconst="tt0000001", primary_title="One")
    assert 'href="/export.csv?order=best"' in curator.get("/").content.decode()
    assert 'href="/export.csv?search=one&amp;order=best"' in curator.get("/?search=one").content.decode()
