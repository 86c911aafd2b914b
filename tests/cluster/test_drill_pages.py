"""Drills from the admin: begun, watched, ended, and plotted."""

import json
import sys
import time

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from mco2site import drills
from mco2site.drill_history import past
from tests.harness.waiting import wait_for

PLAY = {
    "number": "01", "name": "kill -9 of Main", "fast": False, "gap": 0.2, "lost": 0, "acknowledged": 100,
    "passed": True, "goal": 1.2,
}  # fmt: skip


@pytest.fixture
def officer(cluster) -> Client:
    """Somebody who may do everything."""
    users = get_user_model().objects
    client = Client()
    client.force_login(users.filter(username="root").first() or users.create_superuser("root"))
    return client


def test_the_history_is_plotted_beside_its_goal(officer):
    drills.directory().mkdir(exist_ok=True)
    (drills.directory() / "history.jsonl").write_text(
        "\n".join(json.dumps(PLAY | {"gap": gap, "passed": gap < 1}) for gap in (0.2, 0.3, 2.4))
    )
    (one,) = past(drills.directory() / "history.jsonl")
    assert (one.title, one.most, one.goal, len(one.dots)) == ("01 kill -9 of Main", 2.4, 1.2, 3)
    assert one.dots[0].y > one.goal_y > one.dots[2].y
    page = officer.get("/admin/drills/").content.decode()
    assert "at most 2.40 s, goal 1.2 s, 0 lost" in page
    assert "01 kill -9 of Main, which stays down" in page
    (drills.directory() / "history.jsonl").unlink()


def test_a_list_that_failed_is_asked_for_again(monkeypatch):
    drills.listed.cache_clear()
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
