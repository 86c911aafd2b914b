"""In which way each operation of a migration is done on the nodes, and what is refused."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from cluster.nodes.schema.migration_steps import Key, Step, Way, check, on_disk, plan, state_of, steps
from cluster.protocol.errors import Refused

NUMBER = models.IntegerField(default=0)


def step(operation: Operation, *, backwards: bool = False) -> Step:
    """One more operation on the diary in its newest shape."""
    before = on_disk().project_state(("diary", "0004_body"))
    after: ProjectState = before.clone()
    operation.state_forwards("diary", after)
    return Step("diary", operation, *((after, before) if backwards else (before, after)), backwards)


def taken(name: str, applied: set[Key], *, backwards: bool = False) -> Iterator[Step]:
    """Return the steps of a migration of the diary, where these are applied."""
    return steps(on_disk().get_migration("diary", name), backwards, state_of(applied))


@pytest.mark.parametrize(
    ("operation", "way"),
    [
        (migrations.AddField("page", "number", NUMBER), Way.LOCKED),
        (migrations.RemoveField("page", "words"), Way.LOCKED),
        (migrations.AlterField("page", "body", models.CharField(max_length=90)), Way.LOCKED),
        (
            migrations.AlterField("page", "body", models.TextField("Text", default="")),
            Way.NOWHERE,
        ),
        (migrations.AlterField("page", "body", models.TextField(default="", db_column="text")), Way.LOCKED),
        (migrations.AddConstraint("page", models.UniqueConstraint(fields=["code"], name="u")), Way.LOCKED),
        (migrations.DeleteModel("page"), Way.LOCKED),
        (migrations.AddIndex("page", models.Index(fields=["code"], name="i")), Way.ONLINE),
        (migrations.RemoveIndex("page", "diary_page_words"), Way.ONLINE),
        (migrations.AlterModelOptions("page", {"ordering": ["title"]}), Way.NOWHERE),
        (migrations.RunPython(migrations.RunPython.noop), Way.ONCE),
        (migrations.RunSQL("UPDATE diary_page SET words = 1"), Way.ONCE),
        (migrations.RunSQL("ALTER TABLE diary_page COMMENT 'x'", hints={"every_node": True}), Way.LOCKED),
        (
            migrations.RunSQL("UPDATE diary_page SET words = 1; ALTER TABLE diary_page COMMENT 'x'"),
            Way.LOCKED,
        ),
        (migrations.RunSQL(["\n  create index i on diary_page (words)"]), Way.LOCKED),
        (migrations.RunSQL([("UPDATE diary_page SET title = %s", ["alter table"])]), Way.ONCE),
        (migrations.CreateModel("Draft", [("id", models.AutoField(primary_key=True))]), Way.NOWHERE),
    ],
)
def test_each_operation_has_its_way(operation, way):
    assert step(operation).way is way


def test_a_new_table_needs_no_lock_and_its_removal_does():
    assert [made.way for made in taken("0001_initial", set())] == [Way.ONLINE]
    assert [removed.way for removed in taken("0001_initial", set(), backwards=True)] == [Way.LOCKED]


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (migrations.AlterModelTable("page", "sheet"), "keep its name with db_table"),
        (migrations.RenameModel("Page", "Sheet"), "keep its name with db_table"),
        (migrations.AlterField("page", "id", models.IntegerField(primary_key=True)), "by their primary key"),
    ],
)
def test_what_the_log_cannot_follow_is_refused(operation, reason):
    with pytest.raises(Refused, match=reason):
        check(step(operation), lambda _table: True)
    check(step(operation), lambda _table: False)


def test_what_cannot_be_taken_back_is_refused():
    with pytest.raises(Refused, match="cannot be taken back"):
        check(step(migrations.RunPython(migrations.RunPython.noop), backwards=True), lambda _table: False)


def test_every_step_starts_where_the_one_before_it_ended():
    earlier = {("diary", name) for name in ("0001_initial", "0002_words", "0003_count_words")}
    fields, found = [], []
    for one in taken("0004_body", earlier):
        found.append(one)
        fields.append([set(state.models["diary", "page"].fields) for state in (one.before, one.after)])
    back = list(taken("0004_body", earlier, backwards=True))
    assert [before ^ after for before, after in fields] == [{"text", "body"}, set(), {"mood"}]
    assert [s.operation for s in back] == [s.operation for s in reversed(found)]


def test_a_data_step_sees_another_app_as_all_applied_migrations_leave_it():
    """Not as the migration's own ancestors do, of which the clinic has none: its tables have the newest columns."""
    clinic = ("0001_initial", "0002_first_patient", "0003_doctors", "0004_appointments", "0005_codes")
    applied = {("diary", "0001_initial"), ("diary", "0002_words"), *(("clinic", name) for name in clinic)}
    (found,) = taken("0003_count_words", applied)
    assert {"ward", "code"} <= set(found.before.models["clinic", "patient"].fields)
    assert found.before.apps.get_model("clinic", "Appointment")


@pytest.mark.django_db(databases=["control"])
def test_the_plan_leads_from_what_is_there_to_the_target():
    have = {("diary", "0001_initial"), ("diary", "0002_words")}
    forth = plan(have, [("diary", "0004_body")])
    assert [(migration.name, back) for migration, back in forth] == [
        ("0003_count_words", False), ("0004_body", False),
    ]  # fmt: skip
    assert [(m.name, back) for m, back in plan(have, [("diary", "0001_initial")])] == [("0002_words", True)]
    assert [m.name for m, _ in plan(have, [("diary", None)])] == ["0002_words", "0001_initial"]
