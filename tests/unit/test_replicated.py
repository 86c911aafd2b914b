"""Which models CLUSTER_REPLICATED_MODELS comes to."""

import pytest
from django.apps import apps

from cluster.checks import check_models, check_settings
from cluster.replicated import Selection, apps_of, is_replicated, is_replicated_label, replicated


def chosen(*names: str) -> set[str]:
    """Return the labels of the library that some names come to."""
    return {label for label in replicated(names) if label.startswith("library.")}


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["library.work"], {"library.work", "library.work_writers", "library.loan"}),
        (["library.writer"], {"library.writer", "library.writer_taught_by"}),
        (["library.novel"], {"library.novel", "library.work", "library.work_writers", "library.loan"}),
        (["library.classic"], {"library.work", "library.work_writers", "library.loan"}),
        (["library.work", "-library.loan"], {"library.work", "library.work_writers"}),
        (["-library", "library.reader", "*"], {"library.reader"}),
        (["library.writer", "-library.writer_taught_by"], {"library.writer", "library.writer_taught_by"}),
        (["titles"], set()),
    ],
)
def test_what_belongs_to_a_model_follows_it(names, labels):
    assert chosen(*names) == labels


def test_a_table_of_a_field_that_is_named_as_well_is_made_once():
    named = [*replicated(("library.work", "library.work_writers", "library.Work_writers"))]
    assert named.count("library.work_writers") == 1
    assert set(named) == set(replicated(("library.work",)))


def test_an_app_and_everything_are_all_of_it():
    every = {
        model._meta.label_lower
        for model in apps.get_app_config("library").get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    assert chosen("library") == chosen("*") == every
    assert chosen("*", "-library") == chosen("library", "-library") == set()


def test_of_the_clusters_own_models_one_is_replicated_whatever_is_named():
    own = "cluster.orphanedtransaction"
    for names in (("*",), ("-cluster",), ("cluster",), ()):
        assert [label for label in replicated(names) if label.startswith("cluster.")] == [own]


def test_what_is_gone_from_the_code_is_judged_by_its_name():
    assert Selection(("library",)).takes("library.gone")
    assert not Selection(("library.work",)).takes("library.gone")
    assert not Selection(("*", "-library")).takes("library.gone")
    assert "library" in apps_of(("*",))
    assert "library" not in apps_of(("*", "-library"))


def test_a_proxy_and_the_table_of_a_field_are_where_their_model_is():
    library = apps.get_app_config("library")
    assert is_replicated(library.get_model("Classic"))
    assert is_replicated(library.get_model("Work").writers.through)
    assert is_replicated_label("Library.Work_Writers")


def test_a_name_that_is_not_installed_is_named(settings):
    settings.CLUSTER_REPLICATED_MODELS = ["libary", "library.Wrok", "-nothing"]
    found = check_models(None)
    assert [error.id for error in found] == ["cluster.E001"] * 3
    assert "libary" in found[0].msg


def test_an_engine_or_a_router_of_somebody_else_is_named(settings, monkeypatch):
    assert check_settings(None) == []
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.mysql")
    settings.DATABASE_ROUTERS = []
    assert [error.id for error in check_settings(None)] == ["cluster.E007", "cluster.E008"]


def test_a_row_that_stays_behind_cannot_refer_to_one_that_is_replicated(settings):
    settings.CLUSTER_REPLICATED_MODELS = ["auth.User"]
    found = {error.msg.split()[0]: error.id for error in check_models(None)}
    assert found["admin.LogEntry.user"] == "cluster.E006"
    assert found["auth.User_groups.group"] == "cluster.E003"
