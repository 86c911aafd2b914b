"""What the comparison with other servers makes of its rounds."""

import xml.etree.ElementTree as ET

from peers.load import Result
from peers.report import figures, picture, ratio_table, ratios, table

ROUNDS = {
    "own": {1: [Result(100, 10, 20, 1000), Result(300, 30, 90, 3000), Result(200, 20, 40, 2000)]},
    "other & more": {1: [Result(50, 20, 40, 100), Result(100, 10, 30, 100), Result(400, 5, 10, 100)]},
}


def test_a_figure_is_the_median_of_the_rounds_with_its_spread():
    assert figures(ROUNDS)["own"][1] == {
        "per_second": 200, "p50": 20, "p99": 40, "cpu": 2000, "least": 100, "most": 300,
    }  # fmt: skip


def test_a_ratio_is_the_median_of_the_ratios_of_each_round():
    """Two who are measured in one round have the same machine; medians of different rounds have not."""
    assert ratios(ROUNDS, "own", "other & more") == {1: {"per_second": 2, "p50": 3, "p99": 3}}
    assert ratios(ROUNDS, "own", "own") == {1: {"per_second": 1, "p50": 1, "p99": 1}}


def test_tables_have_a_line_for_each_and_leave_out_who_was_not_measured():
    assert "| own | 200 (100 to 300; 20.0, 40.0) |" in table(ROUNDS)
    assert ratio_table(ROUNDS, ["own"], ["other & more", "absent"]).splitlines()[2:] == [
        "| own to other & more | 2.00 (3.00) |"
    ]


def test_the_picture_has_a_bar_for_each_and_is_well_formed():
    drawn = ET.fromstring(picture(ROUNDS))  # noqa: S314 - our own text
    titles = [title.text for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["own, 1 clients: 200 a second", "other & more, 1 clients: 100 a second"]
