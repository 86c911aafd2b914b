"""A few scenarios of the drill, whole: `make drill` plays all of them."""

import pytest

from cluster.protocol.names import NodeName
from tests.drill import scenarios  # noqa: F401 - puts all scenarios on the list
from tests.drill.run import scorecard
from tests.drill.scenario import SCENARIOS
from tests.drill.score import Score, perform
from tests.harness.observer import Look, Observer

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


def test_seconds_without_a_primary_are_those_in_which_no_node_takes_writes():
    observer = Observer({})
    observer.looks = {
        NodeName.MAIN: [Look(0.0, 1, 1.0), Look(1.0, None, 1.0), Look(4.0, None, 1.0)],
        NodeName.NODE_A: [Look(0.5, None, 0.0), Look(3.0, 2, 4.0), Look(4.5, 2, 5.0)],
    }
    assert observer.without_primary() == 2.0
