"""A few scenarios of the drill, whole: `make drill` plays all of them."""

import pytest

from tests.drill import scenarios  # noqa: F401 - puts all scenarios on the list
from tests.drill.run import scorecard
from tests.drill.scenario import SCENARIOS
from tests.drill.score import Score, perform

pytestmark = [pytest.mark.faults, pytest.mark.timeout(150)]


@pytest.mark.parametrize("number", ["01", "11", "12", "27"])
def test_a_scenario_of_the_drill_ends_right(servers, django_db_blocker, number):
    with django_db_blocker.unblock():
        score = perform(servers, SCENARIOS[number])
    assert score.passed, score.problems
    assert score.acknowledged > 0


def test_a_score_with_a_loss_or_two_primaries_is_not_passed():
    assert Score("x", "", "").passed
    assert not Score("x", "", "", lost=1).passed
    assert not Score("x", "", "", double=1).passed


def test_a_phase_that_goes_wrong_is_a_problem_and_the_next_one_is_played():
    score = Score("x", "", "")
    with score.noting("fault"):
        raise TimeoutError("nobody took over")
    assert score.problems == ["fault: nobody took over"]


def test_the_scorecard_has_the_median_and_the_worst_of_several_plays():
    table = scorecard([Score("01", "a kill", "", gap=gap) for gap in (0.2, 0.4, 3.0)])
    assert list(table.columns[3].cells) == ["0.40 s (3.00)"]
    assert list(table.columns[2].cells) == ["3 of 3"]
