"""The rules that need nothing but the entries."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cluster.protocol.entries import (
    CONTROL,
    PROMOTION,
    ROW,
    Entry,
    EntryId,
    Record,
    begin_earlier,
    count_transactions,
    newest_by_record,
    orphans,
    whole_transactions,
)
from tests.harness.profiles import profile


def entry(log_id: int, epoch: int = 1, transaction: str = "t", row: str = "p", sequence: int = 1) -> Entry:
    """Return a change of one row."""
    return Entry(log_id, epoch, transaction, sequence, ROW, "UPDATE", "title", row, "{}", "{}", "MAIN", "")


def promotion(log_id: int, epoch: int) -> Entry:
    """Return the beginning of an epoch."""
    return entry(log_id, epoch, f"promotion-{epoch}")._replace(
        log_type=CONTROL, operation_type=PROMOTION, table_name="", record_id=PROMOTION
    )


entries = st.lists(
    st.builds(
        entry,
        log_id=st.integers(1, 30),
        epoch=st.integers(1, 4),
        transaction=st.sampled_from("tuvw"),
        row=st.sampled_from("pqr"),
    ),
    unique_by=lambda e: e.id,
)
identities = st.sets(st.builds(EntryId, st.integers(1, 4), st.integers(1, 30)))


def test_the_epoch_counts_before_the_log_id() -> None:
    old, new = entry(9, epoch=1), entry(3, epoch=2)
    assert newest_by_record([new, old]) == {Record("title", "p"): new}


def test_control_entries_have_no_record() -> None:
    assert newest_by_record([promotion(1, 1)]) == {}
    assert count_transactions([promotion(1, 1), entry(2)]) == 1


@profile().pure
@given(entries=entries, data=st.data())
def test_the_newest_entry_does_not_depend_on_the_order(entries: list[Entry], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(entries))
    newest = newest_by_record(entries)
    assert newest == newest_by_record(shuffled)
    assert newest == {r: max((e for e in entries if e.record == r), key=lambda e: e.id) for r in newest}


@profile().pure
@given(entries=entries, upto=st.integers(0, 30))
def test_a_window_holds_whole_transactions(entries: list[Entry], upto: int) -> None:
    log = sorted(entries, key=lambda e: (e.log_id, e.epoch))
    last = {e.transaction_id: e.log_id for e in log}
    window = [e for e in log if e.log_id <= upto]
    kept = whole_transactions(window, last, upto)
    assert kept == [e for e in window if last[e.transaction_id] <= upto]
    for transaction in {e.transaction_id for e in kept}:
        assert transactions(kept, transaction) == transactions(log, transaction)


def transactions(log: Sequence[Entry], transaction_id: str) -> list[Entry]:
    """Return the entries of one transaction."""
    return [e for e in log if e.transaction_id == transaction_id]


@profile().pure
@given(own=identities, kept=identities, led=st.integers(0, 5))
def test_orphans_are_older_and_unknown(own: set[EntryId], kept: set[EntryId], led: int) -> None:
    lost = set(orphans(sorted(own), sorted(kept), led))
    assert lost == {i for i in own - kept if i.epoch < led}


def test_a_transaction_that_began_earlier_is_noticed() -> None:
    first, second = entry(1, sequence=1), entry(5, sequence=2)
    assert not begin_earlier([])
    assert not begin_earlier([second, first])
    assert begin_earlier([second, entry(6, transaction="u")])
