"""System checks: what cannot be replicated is named before anything is set up."""

import pytest
from django.db import models

from cluster.checks import problems

NAMES = {"a" * 64: 0, "a" * 65: 1, "order-items": 1, "order items": 1, "stra\u00dfe": 1, "select": 0}


@pytest.mark.parametrize(("table", "count"), NAMES.items(), ids=list(NAMES))
def test_a_table_whose_triggers_could_not_be_named_is_refused(table, count):
    class Meta:
        app_label = f"app_of_{len(table)}_{table[:6]}"
        db_table = table

    model = type("Named", (models.Model,), {"Meta": Meta, "__module__": __name__})
    assert [problem.id for problem in problems(model)] == ["cluster.E005"] * count


@pytest.mark.parametrize(("lengths", "count"), [((200,), 0), ((256,), 1), ((200, 40), 0), ((200, 200), 1)])
def test_a_key_that_the_log_cannot_hold_is_refused(lengths, count):
    fields = {f"part_{n}": models.CharField(max_length=length) for n, length in enumerate(lengths)}
    if len(fields) == 1:
        fields = {"part_0": models.CharField(max_length=lengths[0], primary_key=True)}
    else:
        fields["pk"] = models.CompositePrimaryKey(*fields)

    class Meta:
        app_label = f"keys_of_{'_'.join(map(str, lengths))}"

    model = type("Keyed", (models.Model,), {"Meta": Meta, "__module__": __name__, **fields})
    assert [problem.id for problem in problems(model)] == ["cluster.E004"] * count
