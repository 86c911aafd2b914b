"""In which way each operation of a migration is done on the nodes, and what is refused."""

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from cluster.nodes.schema.migration_steps import Step, Way, check, on_disk, plan, steps
from cluster.protocol.errors import Refused

NUMBER = models.IntegerField(default=0)


def step(operation: Operation, *, backwards: bool = False) -> Step:
    """One more operation on the diary in its newest shape."""
    before = on_disk().project_state(("diary", "0004_body"))
    after: ProjectState = before.clone()
    operation.state_forwards("diary", after)
    return Step("diary", operation, *((after, before) if backwards else (before, after)), backwards)


@pytest.mark.parametrize(
    ("operation", "way"),
    [
        (migrations.AddField("page", "number", NUMBER), Way.LOCKED),
        (migrations.RemoveField("page", "words"), Way.LOCKED),
        (migrations.AlterField("page", "body", models.CharField(max_length=90)), Way.LOCKED),
        (migrations.AddConstraint("page", models.UniqueConstraint(fields=["code"], name="u")), Way.LOCKED),
        (migrations.DeleteModel("page"), Way.LOCKED),
        (migrations.AddIndex("page", models.Index(fields=["code"], name="i")), Way.ONLINE),
        (migrations.RemoveIndex("page", "diary_page_words"), Way.ONLINE),
        (migrations.AlterModelOptions("page", {"ordering": ["title"]}), Way.ONLINE),
        (migrations.RunPython(migrations.RunPython.noop), Way.ONCE),
        (migrations.RunSQL("UPDATE diary_page SET words = 1"), Way.ONCE),
        (migrations.RunSQL("ALTER TABLE diary_page COMMENT 'x'", hints={"every_node": True}), Way.LOCKED),
        (migrations.CreateModel("Draft", [("id", models.AutoField(primary_key=True))]), Way.NOWHERE),
    ],
)
def test_each_operation_has_its_way(operation, way):
    assert step(operation).way is way


def test_a_new_table_needs_no_lock_and_its_removal_does():
    (made,) = steps(on_disk().get_migration("diary", "0001_initial"), backwards=False)
    (removed,) = steps(on_disk().get_migration("diary", "0001_initial"), backwards=True)
    assert (made.way, removed.way) == (Way.ONLINE, Way.LOCKED)


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
        check(step(operation))


def test_what_cannot_be_taken_back_is_refused():
    with pytest.raises(Refused, match="cannot be taken back"):
        check(step(migrations.RunPython(migrations.RunPython.noop), backwards=True))


def test_every_step_starts_where_the_one_before_it_ended():
    found = steps(on_disk().get_migration("diary", "0004_body"), backwards=False)
    back = steps(on_disk().get_migration("diary", "0004_body"), backwards=True)
    fields = [[set(state.models["diary", "page"].fields) for state in (s.before, s.after)] for s in found]
    assert [before ^ after for before, after in fields] == [{"text", "body"}, set(), {"mood"}]
    assert [s.operation for s in back] == [s.operation for s in reversed(found)]


@pytest.mark.django_db(databases=["control"])
def test_the_plan_leads_from_what_is_there_to_the_target():
    have = {("diary", "0001_initial"), ("diary", "0002_words")}
    forth = plan(have, [("diary", "0004_body")])
    assert [(migration.name, back) for migration, back in forth] == [
        ("0003_count_words", False), ("0004_body", False),
    ]  # fmt: skip
    assert [(m.name, back) for m, back in plan(have, [("diary", "0001_initial")])] == [("0002_words", True)]
    assert [m.name for m, _ in plan(have, [("diary", None)])] == ["0002_words", "0001_initial"]
