"""The admin's pages: what each node holds, also when one of them is dead."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from cluster.admin import BoundedPaginator
from cluster.backend import view
from titles.models import Title

PAGES = ["/admin/log/", "/admin/cluster/nodesetting/", "/admin/titles/title/"]


@pytest.fixture
def operator(cluster) -> Client:
    """Return a browser that is signed in. The control database is none of the nodes."""
    users = get_user_model().objects
    user = users.filter(username="root").first() or users.create_superuser("root")
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("node", ["main", "node_a", "node_b"])
def test_every_node_can_be_looked_at(operator, address, node):
    assert operator.get(address, {"node": node}).status_code == 200


def test_rows_come_from_the_node_that_was_chosen(operator):
    page = operator.get("/admin/cluster/nodesetting/", {"node": "node_b"}).content.decode()
    assert "NODE_B" in page


def test_a_row_opens_and_offers_no_change(operator):
    page = operator.get("/admin/cluster/nodesetting/epoch/change/", {"_changelist_filters": "node=node_a"})
    assert page.status_code == 200
    assert b'name="_save"' not in page.content


def test_a_dead_node_is_a_sentence_and_the_others_are_shown(cluster, operator):
    cluster.kill("node_b")
    answer = operator.get("/admin/cluster/nodesetting/", {"node": "node_b"}, follow=True)
    assert "Node B does not answer" in answer.content.decode()
    assert operator.get("/admin/cluster/nodesetting/", {"node": "node_a"}).status_code == 200


def words(page) -> str:
    """Return the text of a page, its lines as one."""
    return " ".join(page.content.decode().split())


def test_a_count_that_ends_early_says_so(operator, monkeypatch):
    """A list never claims to be shorter than it is."""
    Title.objects.bulk_create(Title(tconst=f"tt{1_000_000 + n}", primary_title="One") for n in range(5))
    assert "5 titles" in words(operator.get("/admin/titles/title/"))
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 4)
    assert "more than 4 titles" in words(operator.get("/admin/titles/title/"))


def test_an_operator_signs_in_while_the_primary_is_dead(cluster, operator):
    cluster.kill("main")
    view.forget()
    assert operator.get("/admin/").status_code == 200


def test_nobody_sees_the_nodes_without_signing_in(cluster):
    assert Client().get("/admin/cluster/nodesetting/").status_code == 302
