"""How lag is told from damage, and whose fault a difference is."""

import pytest

from cluster.protocol.differences import (
    Difference,
    Kind,
    RowSnapshot,
    Verdict,
    blame,
    differing_columns,
    judge,
    kind_of,
    row_differences,
)
from cluster.protocol.entries import EntryId
from cluster.protocol.names import NodeName

MAIN, NODE_A, NODE_B = NodeName
OLD, NEW, WRONG = '{"id": 1, "value": 1}', '{"id": 1, "value": 2}', '{"id": 1, "value": 9}'
FIRST, SECOND = EntryId(1, 10), EntryId(1, 20)


def at(entry: EntryId | None, row: str | None, logged: str | None = None) -> RowSnapshot:
    """Return what was read of a row; what its log says is `logged`, else the row itself."""
    return RowSnapshot(row, entry, (logged or row) if entry else None)


@pytest.mark.parametrize(
    ("reference", "other", "verdict"),
    [
        (at(SECOND, NEW), at(SECOND, NEW), Verdict.EQUAL),
        (at(None, NEW), at(None, NEW), Verdict.EQUAL),
        (at(SECOND, NEW), at(SECOND, WRONG, NEW), Verdict.DIFFERENT),
        (at(None, OLD), at(None, WRONG), Verdict.DIFFERENT),
        (at(None, None), at(None, WRONG), Verdict.DIFFERENT),
        (at(SECOND, NEW), at(FIRST, OLD), Verdict.LAGGING),
        (at(FIRST, OLD), at(SECOND, NEW), Verdict.LAGGING),
        (at(SECOND, NEW), at(FIRST, WRONG, OLD), Verdict.DIFFERENT),
        (at(SECOND, WRONG, NEW), at(FIRST, OLD), Verdict.DIFFERENT),
        (at(SECOND, NEW), at(None, OLD), Verdict.UNDECIDED),
        (at(None, None), at(SECOND, NEW), Verdict.UNDECIDED),
        (at(EntryId(1, 5), NEW), at(EntryId(1, 4), OLD), Verdict.DIFFERENT),
        (at(EntryId(1, 5), NEW), at(None, OLD), Verdict.DIFFERENT),
    ],
)
def test_rows_at_the_same_entry_must_be_equal_and_others_must_follow_their_log(reference, other, verdict):
    assert judge(reference, other, watermark=5) is verdict


def told(reference: RowSnapshot, other: RowSnapshot) -> list[str]:
    found = row_differences("t", "1", (MAIN, reference), (NODE_B, other))
    return [difference.sentence for difference in found]


@pytest.mark.parametrize(
    ("reference", "other", "sentences"),
    [
        (at(None, NEW), at(None, WRONG), ["t 1 on Node B: different: value"]),
        (at(None, NEW), at(None, None), ["t 1 on Node B: missing"]),
        (at(None, None), at(None, NEW), ["t 1 on Node B: extra"]),
        (at(FIRST, NEW), at(FIRST, WRONG, NEW), ["t 1 on Node B: different: value, against its own log"]),
        (at(FIRST, WRONG, NEW), at(FIRST, NEW), ["t 1 on Main: different: value, against its own log"]),
        (
            at(FIRST, WRONG, NEW),
            at(FIRST, OLD, NEW),
            [
                "t 1 on Main: different: value, against its own log",
                "t 1 on Node B: different: value, against its own log",
            ],
        ),
        (RowSnapshot(None, FIRST, NEW), at(FIRST, NEW), ["t 1 on Main: missing, against its own log"]),
    ],
)
def test_the_node_that_contradicts_its_own_log_is_to_blame(reference, other, sentences):
    assert told(reference, other) == sentences


@pytest.mark.parametrize(
    ("right", "found", "columns"),
    [
        ('{"a": 1}', '{"a": 1}', ()),
        ('{"a": 1.0}', '{"a": 1}', ("a",)),
        ('{"a": 1}', '{"a": "1"}', ("a",)),
        ('{"a": null}', '{"a": "null"}', ("a",)),
        ('{"a": 0.1}', '{"a": 0.10000000000000001}', ("a",)),
        ('{"a": 1, "b": 2}', '{"a": 1}', ()),
        ('{"b": 2, "a": 1}', '{"a": 9, "b": 9}', ("b", "a")),
    ],
)
def test_images_are_compared_to_the_last_digit(right, found, columns):
    assert differing_columns(right, found) == columns


def test_an_older_image_that_lacks_a_column_is_no_difference():
    assert kind_of('{"a": 1}', '{"a": 1, "b": 2}') is None


@pytest.mark.parametrize(
    ("versions", "wrong"),
    [
        ((7, 7, 7), []),
        ((7, 7, None), [(NODE_B, Kind.MISSING)]),
        ((7, None, None), [(NODE_A, Kind.MISSING), (NODE_B, Kind.MISSING)]),
        ((None, 7, None), [(NODE_A, Kind.EXTRA)]),
        ((None, 7, 7), [(MAIN, Kind.MISSING)]),
        ((7, 8, 7), [(NODE_A, Kind.DIFFERENT)]),
        ((7, 8, 8), [(MAIN, Kind.DIFFERENT)]),
        ((7, 8, 9), [(NODE_A, Kind.DIFFERENT), (NODE_B, Kind.DIFFERENT)]),
    ],
)
def test_two_nodes_outvote_the_reference_on_what_an_entry_says(versions, wrong):
    assert list(blame(dict(zip(NodeName, versions, strict=True)), MAIN)) == wrong


def test_of_two_nodes_the_reference_is_right():
    assert list(blame({MAIN: None, NODE_B: 7}, MAIN)) == [(NODE_B, Kind.EXTRA)]


def test_a_difference_in_the_log_names_its_entry():
    assert Difference("transaction_log", "3-17", MAIN, Kind.MISSING).entry == EntryId(3, 17)
