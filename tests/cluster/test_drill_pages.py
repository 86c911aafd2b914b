"""Drills from the admin: begun, watched, ended, and plotted."""

import json
import sys
import time

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from mco2site import drills
from mco2site.drill_history import board, compared, runs
from tests.harness.waiting import wait_for

PLAY = {
    "number": "01", "name": "kill -9 of Main", "fast": False, "gap": 0.2, "lost": 0, "acknowledged": 100,
    "passed": True, "goal": 1.2,
}  # fmt: skip


def test_the_board_shows_the_last_result_and_the_trend_of_each_scenario(officer):
    lines = [PLAY | {"gap": gap, "passed": gap < 1} for gap in (0.2, 0.3, 2.4)]
    (row,) = board([], lines)
    assert (row.name, row.most, row.late, len(row.dots)) == ("kill -9 of Main", 2.4, True, 3)
    assert row.dots[0].y > row.goal_y > row.dots[2].y
    drills.directory().mkdir(exist_ok=True)
    (drills.directory() / "history.jsonl").write_text("\n".join(map(json.dumps, lines)))
    page = officer.get("/admin/drills/").content.decode()
    assert "01 kill -9 of Main, which stays down" in page
    assert "3 plays, at most 2.40 s" in page
    assert "over goal" in page
    assert "Not played yet." in page
    assert 'aria-label="Run scenario 00"' in page
    (drills.directory() / "history.jsonl").unlink()


def test_two_runs_are_compared_what_became_worse_first(officer):
    plays = [
        PLAY | {"run": run, "number": number, "gap": gap, "at": run}
        for run, number, gap in ((100, "01", 0.2), (100, "02", 0.5), (200, "01", 0.21), (200, "02", 0.9))
    ]
    later, earlier = runs(plays)
    assert [(one.number, one.verdict, one.difference) for one in compared(earlier, later)] == [
        ("02", "worse", 0.4),
        ("01", "same", 0.01),
    ]
    assert [one.verdict for one in compared(later, earlier)] == ["better", "same"]
    (drills.directory() / "history.jsonl").write_text("\n".join(map(json.dumps, plays)))
    page = officer.get("/admin/drills/compare/", {"first": "200", "second": "100"}).content.decode()
    assert "-0.4 s" in page
    assert "+0.4 s" in officer.get("/admin/drills/compare/").content.decode()
    (drills.directory() / "history.jsonl").unlink()
    assert "Two runs are needed" in officer.get("/admin/drills/compare/").content.decode()


def test_a_list_that_failed_is_asked_for_again(monkeypatch):
    for kept in drills.directory().glob("scenarios-*.json"):
        kept.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(drills, "DRILL", [sys.executable, "-c", "raise SystemExit(1)"])
        assert drills.scenarios() == []
    assert "01" in [one["number"] for one in drills.scenarios()]


@pytest.mark.slow
def test_a_drill_is_begun_and_ended(officer):
    officer.post("/admin/drills/start/", {"numbers": ["00"], "runs": "20"})
    wait_for(lambda: drills.running() is not None, 10)
    said = officer.post(
        "/admin/drills/start/", {"numbers": ["00"], "runs": "1"}, follow=True
    ).content.decode()
    assert "A drill is running" in said
    wait_for(lambda: "no fault" in officer.get("/admin/drills/now/").content.decode(), 40)
    officer.post("/admin/drills/stop/")
    deadline = time.monotonic() + 20
    while drills.running():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_who_may_not_is_told_so(cluster):
    users = get_user_model().objects
    somebody = users.filter(username="stranger").first() or users.create_user("stranger", is_staff=True)
    client = Client()
    client.force_login(somebody)
    assert client.get("/admin/drills/").status_code == 403
    assert client.post("/admin/drills/start/", {"numbers": ["00"], "runs": "1"}).status_code == 403
