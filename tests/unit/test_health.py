"""The addresses that supervisors and load balancers ask."""

import pytest
from django.db import OperationalError, connections
from django.urls import reverse

pytestmark = pytest.mark.django_db(databases=["control"])


def test_a_living_process_says_so(client):
    assert client.get("/healthz").status_code == 200


def test_the_site_is_ready_when_the_control_database_answers(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")
    assert "no-store" in answer["Cache-Control"]


def test_the_site_is_not_ready_without_its_control_database(client):
    def refuse(execute, sql, params, many, context):
        raise OperationalError("unable to open database file")

    with connections["control"].execute_wrapper(refuse):
        assert client.get("/readyz").status_code == 503


def test_the_start_page_is_the_list_of_titles():
    assert reverse("titles:titles") == "/"
