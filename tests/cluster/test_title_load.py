"""`load_titles` as an operator runs it, against real servers."""

import gzip
import json
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import MySQLdb
import pytest
from django.conf import settings

from tests.harness.title_sql import entries, run

SAMPLE = Path(settings.BASE_DIR) / "titles" / "sample"
BASICS = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres"
RATINGS = "tconst\taverageRating\tnumVotes"


@pytest.fixture
def main(cluster) -> MySQLdb.Connection:
    """Return the application's session on Main."""
    return cluster.connect("main").raw()


@pytest.fixture
def files(tmp_path) -> Callable[..., list[str]]:
    """Write `count` titles, film n with n votes; return the options that name the files."""

    def written(count: int, *more: str, first: int = 1) -> list[str]:
        numbers = range(first, first + count)
        basics = [f"tt{n:07}\tmovie\tFilm {n}\tFilm {n}\t0\t{1900 + n % 100}\t\\N\t90\t\\N" for n in numbers]
        ratings = [f"tt{n:07}\t{n % 10}.5\t{n}" for n in numbers]
        (tmp_path / "basics.tsv").write_text("\n".join([BASICS, *basics, *more, ""]))
        (tmp_path / "ratings.tsv").write_text("\n".join([RATINGS, *ratings, ""]))
        return ["--basics", f"{tmp_path}/basics.tsv", "--ratings", f"{tmp_path}/ratings.tsv"]

    return written


@pytest.fixture
def load(cluster) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `load_titles` to its end."""
    return lambda *options, **more: cluster.manage("load_titles", *options, **more)


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def state(connection: MySQLdb.Connection) -> tuple[Any, ...]:
    rows = run(connection, "SELECT * FROM title_ft ORDER BY tconst")
    return rows, run(connection, "SELECT mean_rating, votes_threshold, titles FROM title_statistics")


def test_a_load_reaches_every_node_and_the_same_again_logs_nothing(cluster, main, files, load):
    first = result(load(*files(250), "--batch", "100", "--json"))
    assert (first["titles"], first["inserted"], first["transactions"]) == (250, 250, 4)
    expected, count = state(main), entries(main)
    assert expected[1] == ((Decimal("5.0000"), 238, 250),)
    cluster.settle()
    assert [state(cluster.connect(node).raw()) for node in cluster.nodes] == [expected] * 3
    again = result(load(*files(250), "--json"))
    assert (again["unchanged"], again["transactions"]) == (250, 0)
    assert (state(main), entries(main)) == (expected, count)


def test_the_statistics_are_those_of_the_table_after_the_load(main, files, load):
    result(load(*files(40), "--json"))
    result(load(*files(40, first=21), "--json"))
    stored = run(main, "SELECT mean_rating, votes_threshold, titles, rated_titles FROM title_statistics")
    count = entries(main)
    run(main, "CALL refresh_title_statistics()")
    assert entries(main) == count
    assert stored[0][2:] == (60, 60)


def test_only_what_differs_is_written(main, files, load):
    result(load(*files(50), "--json"))
    run(main, "CALL distributed_update('tt0000007', 'Another', 90, '7.5', 7, 1907)")
    run(main, "CALL distributed_delete('tt0000008')")
    done = result(load(*files(50), "--json"))
    assert (done["inserted"], done["updated"], done["unchanged"]) == (1, 1, 48)
    assert run(main, "SELECT primaryTitle FROM title_ft WHERE tconst = 'tt0000007'") == (("Film 7",),)


def test_bad_rows_are_shown_counted_and_skipped(tmp_path, main, files, load):
    bad = ["tt9\tmovie\tx\tx\t0\t1999\t\\N\t90\tDrama", *(["tt"] * 30)]
    done = load(*files(5, *bad), "--bad-rows", str(tmp_path / "bad"))
    assert done.returncode == 0
    assert "Skipped: basics.tsv line 7 has no identifier (tt and 7 to 10 digits) but 'tt9'." in done.stdout
    assert "... and 11 more" in done.stdout
    assert "5 inserted, 0 updated, 0 unchanged, 31 bad rows skipped." in done.stdout
    assert len((tmp_path / "bad").read_text().splitlines()) == 31


def test_files_in_any_order_are_loaded(tmp_path, main, files, load):
    options = files(20)
    basics = tmp_path / "basics.tsv"
    header, *rows = basics.read_text().splitlines()
    basics.write_text("\n".join([header, *reversed(rows)]))
    assert result(load(*options, "--json"))["inserted"] == 20
    assert run(main, "SELECT COUNT(averageRating) FROM title_ft") == ((20,),)


def test_a_file_that_is_none_ends_with_a_sentence(tmp_path, main, files, load, subtests):
    options = files(1)
    damaged = gzip.compress(BASICS.encode() + b"\n" + bytes(range(256)) * 99)[:-99]
    for content, sentence in [
        (b"", "names no column tconst"),
        (b"tconst\tprimaryTitle\n", "names no column titleType or startYear or runtimeMinutes"),
        (damaged, "is damaged after line"),
        (BASICS.encode() + b"\n", "has no title of the types movie, short"),
    ]:
        with subtests.test(sentence):
            (tmp_path / "basics.tsv").write_bytes(content)
            done = load(*options)
            assert done.returncode == 1
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr
    assert entries(main) == 0


def test_wrong_usage_ends_with_2(files, load, subtests):
    for options in [["--batch", "0"], ["--batch", "x"], ["--types", ","], ["--nonsense"]]:
        with subtests.test(options=options):
            assert load(*files(1), *options).returncode == 2


def test_a_killed_load_run_again_ends_in_the_same_state(cluster, main, files, load):
    options = [*files(4000), "--batch", "100"]
    process = cluster.popen("load_titles", *options)
    deadline = time.monotonic() + 20
    while run(main, "SELECT COUNT(*) >= 300 FROM title_ft") != ((1,),) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    (written,) = run(main, "SELECT COUNT(*) FROM title_ft")[0]
    assert 300 <= written < 4000
    done = result(load(*options, "--json"))
    assert done["inserted"] + done["unchanged"] == 4000
    assert done["unchanged"] >= written
    assert entries(main) == 4001  # each title once, and the statistics
    assert state(main)[1][0][2] == 4000


@pytest.mark.slow
def test_a_load_waits_while_nobody_may_write(cluster, main, files, load):
    process = cluster.popen("load_titles", *files(4000), "--batch", "100", "--json")
    while run(main, "SELECT COUNT(*) >= 300 FROM title_ft") != ((1,),):
        time.sleep(0.01)
    cluster.replicator.stop()
    time.sleep(cluster.conf.lease_seconds + 1)  # the lease has lapsed, and nothing was acknowledged
    assert process.poll() is None
    cluster.replicator.start()
    out, complaints = process.communicate(timeout=40)
    assert (process.returncode, complaints) == (0, "")
    assert json.loads(out)["inserted"] == 4000


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_sample_is_loaded(main, load):
    options = ["--basics", f"{SAMPLE}/title.basics.tsv.gz", "--ratings", f"{SAMPLE}/title.ratings.tsv.gz"]
    done = result(load(*options, "--json", timeout=140))
    assert done["inserted"] == 58_788
    best = run(main, "SELECT primaryTitle, weightedRating FROM title_ft ORDER BY weightedRating DESC LIMIT 1")
    assert best == (("Shawshank Redemption, The", Decimal("9.06")),)
    count = entries(main)
    run(main, "CALL refresh_title_statistics()")
    assert entries(main) == count
