"""Values survive the trip to the other nodes and back, to the last bit."""

import json
import math
from contextlib import suppress
from datetime import UTC, date

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cluster.actions.failover.switchover import switchover
from cluster.nodes.schema.shape import shape
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.harness.specimens.hard import HARD, single
from tests.harness.specimens.models import Label, Shelf, Specimen
from tests.harness.sql import dump

BOTH = {NodeName.MAIN: NodeName.NODE_A, NodeName.NODE_A: NodeName.MAIN}


def equal_everywhere(cluster, table: str) -> list[str]:
    """Return the rows of a table, which all nodes hold alike."""
    cluster.settle()
    first, *others = (dump(cluster.connect(name, "cluster"), table) for name in NodeName)
    for other in others:
        assert other == first
    return first


def hand_over(cluster) -> NodeName:
    """Make the other candidate the primary; its name."""
    to = BOTH[cluster.primary()]
    switchover(cluster.nodes, to, reason="A test asked for it.", lease_seconds=3.0)
    return to


def round_trip(cluster, table: str) -> None:
    """Rows written on Main are the same on all nodes, after a promotion, and after the way back."""
    rows = equal_everywhere(cluster, table)
    assert rows
    for _ in range(2):
        hand_over(cluster)
        assert equal_everywhere(cluster, table) == rows


@pytest.mark.parametrize("values", HARD.values(), ids=list(HARD))
def test_a_hard_value_survives_promotion_and_return(cluster, values):
    specimen = Specimen.objects.using("main").create(**values)
    Specimen.objects.using("main").create(slot=7)
    for field, value in values.items():
        if field not in ("bits", "single"):
            stored = Specimen.objects.using("main").values_list(field, flat=True).get(pk=specimen.pk)
            assert bytes(stored) == value if field == "photo" else stored == value
    round_trip(cluster, "test_specimen")


def test_a_change_of_a_hard_value_reaches_every_node(cluster):
    specimen = Specimen.objects.using("main").create(slot=1)
    for values in HARD.values():
        for field, value in values.items():
            setattr(specimen, field, value)
    specimen.save(using="main")
    equal_everywhere(cluster, "test_specimen")
    specimen.delete(using="main")
    assert equal_everywhere(cluster, "test_specimen") == []


@pytest.mark.parametrize("zone", ["+05:30", "-12:00"])
def test_the_time_zone_of_a_session_changes_no_image(cluster, zone):
    main = cluster.connect("main")
    main.run(f"SET time_zone = '{zone}'")
    main.run(
        "INSERT INTO test_specimen (stamp, found_at) VALUES ('2024-06-01 12:00:00.5', '2024-06-01 12:00:00')"
    )
    round_trip(cluster, "test_specimen")


@pytest.mark.parametrize(
    "setting",
    [
        "sql_mode = ''",
        "sql_mode = 'ANSI,ORACLE'",
        "character_set_connection = 'latin1'",
        "div_precision_increment = 0",
    ],
)
def test_no_other_setting_of_a_session_changes_an_image(cluster, setting):
    main = cluster.connect("main")
    main.run(f"SET {setting}")
    main.run(
        "INSERT INTO test_specimen (name, weight, price, data, photo) VALUES (%s, 0.1e0, 1.5, %s, %s)",
        ("caf\u00e9", json.dumps({"a": 0.1}), b"\xff\x00"),
    )
    round_trip(cluster, "test_specimen")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=10)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
days = st.dates(min_value=date(1, 1, 1))
specimens = st.fixed_dictionaries(
    {
        "price": st.none() | st.decimals(-(10**19), 10**19, places=10, allow_nan=False, allow_infinity=False),
        "found_on": st.none() | days,
        "found_at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "time_of_day": st.none() | st.times(),
        "weight": st.none() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
        "single": st.none()
        | st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False),
        "bits": st.none() | st.integers(0, 4095),
        "data": json_values,
        "photo": st.none() | st.binary(max_size=40),
        "name": st.none() | st.text(max_size=80),
        "note": st.none() | st.text(max_size=80),
        "code": st.none() | st.uuids(version=4),
        "genuine": st.none() | st.booleans(),
        "serial": st.none() | st.integers(0, 2**63),
        "balance": st.none() | st.integers(-(2**63), 2**63 - 1),
    }
)


# The nodes live on from one example to the next, so a failure is not shrunk.
examples = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    database=None,
)


@settings(examples, max_examples=12)
@given(first=st.lists(specimens, min_size=1, max_size=4), second=st.lists(specimens, min_size=4, max_size=4))
@pytest.mark.timeout(300)
def test_any_value_survives_promotion_and_change_on_the_new_primary(cluster, first, second):
    """Each example begins on the primary that the one before has left."""
    alias = cluster.primary()
    kept = [Specimen.objects.using(alias).create(**values) for values in first]
    rows = equal_everywhere(cluster, "test_specimen")
    alias = hand_over(cluster)
    assert equal_everywhere(cluster, "test_specimen") == rows
    for specimen, values in zip(kept, second, strict=False):
        for field, value in values.items():
            setattr(specimen, field, value)
        specimen.save(using=alias)
    equal_everywhere(cluster, "test_specimen")


words = st.text(st.sampled_from("aA\u00e1b \U0001f600'"), min_size=1, max_size=4)


@settings(examples, max_examples=25)
@given(changes=st.lists(st.tuples(words, words), min_size=1, max_size=8))
def test_keys_that_the_server_takes_for_equal_are_told_apart(cluster, changes):
    """A key changed to its variant in another case, with an accent or with spaces at the end."""
    main = cluster.connect("main")
    for word, other in changes:
        main.run("INSERT IGNORE INTO test_word VALUES (%s, '')", (word,))
        with suppress(NodeFailed):  # another row has a key that equals the new one
            main.run("UPDATE test_word SET word = %s, meaning = 'changed' WHERE word = %s", (other, word))
    equal_everywhere(cluster, "test_word")


def test_keys_of_several_columns_survive(cluster):
    for shelf, position in (("a", 1), ("a", -1), ('a", "1', 1), ("\U0001f600", 0), ("", 0)):
        Label.objects.using("main").create(shelf=shelf, position=position, text="x")
    Label.objects.using("main").filter(shelf="a", position=1).update(position=5, text="y")
    Label.objects.using("main").filter(shelf="").delete()
    round_trip(cluster, "test_label")


class TestUniqueValues:
    """A second unique key, whose values change hands."""

    @pytest.fixture
    def slots(self, cluster):
        """Three rows with the slots 1, 2, 3."""
        rows = [Specimen.objects.using("main").create(slot=slot, name=str(slot)) for slot in (1, 2, 3)]
        equal_everywhere(cluster, "test_specimen")
        return [row.pk for row in rows]

    @staticmethod
    def move(keys: list[int], slots: list[int | None]) -> None:
        with transaction.atomic(using="main"):
            for key, slot in zip(keys, slots, strict=True):
                Specimen.objects.using("main").filter(pk=key).update(slot=slot)

    def test_swapped_in_one_transaction(self, cluster, slots):
        a, b, _ = slots
        self.move([a, b, a], [None, 1, 2])
        equal_everywhere(cluster, "test_specimen")

    def test_swapped_in_one_named_transaction(self, cluster, slots):
        """Which is stored as a whole: its newest images collide with what was there before."""
        app = cluster.connect("main")
        app.run("SET @current_transaction_id = 'swap'")
        app.run("START TRANSACTION")
        for slot, key in ((None, slots[0]), (1, slots[1]), (2, slots[0])):
            app.run("UPDATE test_specimen SET slot = %s WHERE id = %s", (slot, key))
        app.commit()
        round_trip(cluster, "test_specimen")

    def test_rotated_in_one_transaction(self, cluster, slots):
        a, b, c = slots
        self.move([a, b, c, a], [99, 1, 2, 3])
        round_trip(cluster, "test_specimen")

    def test_rotated_in_many_transactions_at_once(self, cluster, slots):
        """The replicator gets any part of them in one batch."""
        a, b, c = slots
        for _ in range(30):
            self.move([a, b, c, a], [99, 1, 2, 3])
            a, b, c = b, c, a
        equal_everywhere(cluster, "test_specimen")

    def test_taken_over_from_a_deleted_row(self, cluster, slots):
        with transaction.atomic(using="main"):
            Specimen.objects.using("main").filter(pk=slots[0]).delete()
            Specimen.objects.using("main").create(slot=1)
        equal_everywhere(cluster, "test_specimen")

    def test_of_another_table_by_names(self, cluster):
        first, second = (Shelf.objects.using("main").create(name=name) for name in "ab")
        with transaction.atomic(using="main"):
            for shelf, name in ((first, "c"), (second, "a"), (first, "b")):
                Shelf.objects.using("main").filter(pk=shelf.pk).update(name=name)
        round_trip(cluster, "test_shelf")


def test_foreign_keys_hold_on_every_node(cluster):
    """Rows and what they refer to change in one transaction; the constraint stands on all nodes."""
    shelf = Shelf.objects.using("main").create(name="top")
    Specimen.objects.using("main").create(shelf=shelf, slot=1)
    with transaction.atomic(using="main"):
        Specimen.objects.using("main").all().delete()
        shelf.delete(using="main")
        other = Shelf.objects.using("main").create(name="top")
        Specimen.objects.using("main").create(shelf=other, slot=1)
    round_trip(cluster, "test_specimen")
    assert equal_everywhere(cluster, "test_shelf") != []
    for name in NodeName:
        references = cluster.connect(name, "root").rows(
            "SELECT REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS"
            " WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = 'test_specimen'"
        )
        assert references == (("test_shelf",),)


@pytest.mark.parametrize("column", ["geometry", "point", "interval year", "datetimetz", "xml"])
def test_a_type_that_cannot_make_the_trip_is_refused_with_the_name_of_the_field(column):
    class Odd(models.Field):
        def db_type(self, connection):
            return column

    class Holder(models.Model):
        odd = Odd()

        class Meta:
            app_label = f"holder_of_{column}"

    with pytest.raises(ValueError, match=rf"Holder\.odd: a column of type {column.split()[0]} cannot be"):
        shape(Holder)


def test_floats_are_not_rounded_on_the_way():
    """The test's own arithmetic: what is hard is hard."""
    assert single(0.1) != 0.1
    assert math.copysign(1, HARD["minus nothing"]["weight"]) == -1
