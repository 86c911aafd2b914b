"""Views that run again where a failover took their answer."""

import pytest
from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.contrib.sessions.backends.cache import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.base import BaseHandler
from django.db import connections, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from cluster.backend.retry import RetryRequests
from cluster.protocol.names import NodeName
from tests.harness.shop.models import Article, Order


@pytest.fixture(autouse=True)
def settled(cluster):
    """Nothing is on its way; no connection outlives the test."""
    cluster.settle()
    yield
    connections.close_all()


def answered(view, request):
    """Return what the middleware makes of a view, which is None where it leaves it alone."""
    return RetryRequests(lambda _request: HttpResponse()).process_view(request, view, [], {})


def test_a_view_whose_primary_dies_half_way_is_done_once(cluster):
    """Somebody else's view: it knows nothing of a cluster. Its upload is read anew, its mail is sent once."""
    runs, mails = [], []

    def buy(request):
        runs.append(request.FILES["list"].read())
        article = Article.objects.create(name=request.POST["name"])
        transaction.on_commit(lambda: mails.append(article.name))
        if len(runs) == 1:
            cluster.servers.local[NodeName.MAIN].kill()
        Order.objects.create(article=article, customer="c", quantity=1)
        return SimpleTemplateResponse(
            engines["django"].from_string("{{ count }}"), {"count": Article.objects.count()}
        )

    upload = SimpleUploadedFile("list.txt", b"many")
    answer = answered(buy, RequestFactory().post("/", {"name": "lamp", "list": upload}))
    assert (answer.status_code, answer.content) == (200, b"1")
    assert (runs, mails) == ([b"many", b"many"], ["lamp"])
    assert (Article.objects.count(), Order.objects.count()) == (1, 1)


def test_a_view_that_runs_again_meets_the_request_as_it_came(cluster):
    """A shop's middleware keeps the basket on the request: what a run that was undone has left there is no row."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.session["seen"] = [1]
    request.basket = SimpleLazyObject(lambda: Article(name="basket"))
    request._messages = default_storage(request)
    runs = []

    def add(request):
        messages.success(request, "added")
        runs.append((list(request.session["seen"]), hasattr(request, "made"), request.basket.pk))
        request.session["seen"].append(2)
        request.made = True
        request.basket.save()
        if len(runs) == 1:
            cluster.servers.local[NodeName.MAIN].kill()
        Order.objects.create(article=request.basket._wrapped, customer="c", quantity=1)
        return HttpResponse()

    answered(add, request)
    assert runs == [([1], False, None)] * 2
    assert (request.session["seen"], request.made) == ([1, 2], True)
    assert len(messages.get_messages(request)) == 1
    assert Order.objects.get().article == Article.objects.get()


def test_what_a_failing_view_wrote_is_undone():
    def fail(_request):
        Article.objects.create(name="lamp")
        raise LookupError

    with pytest.raises(LookupError):
        answered(fail, RequestFactory().post("/"))
    assert not Article.objects.exists()


def test_what_a_failing_view_wrote_is_undone_by_django_itself(monkeypatch):
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    def fail(_request):
        Article.objects.create(name="lamp")
        raise LookupError

    with pytest.raises(LookupError):
        BaseHandler().make_view_atomic(fail)(RequestFactory().post("/"))
    assert not Article.objects.exists()


def test_reads_and_views_that_say_so_are_left_alone():
    def view(_request):
        raise AssertionError

    assert answered(view, RequestFactory().get("/")) is None
    assert answered(transaction.non_atomic_requests(view), RequestFactory().post("/")) is None
    view.retries = False
    assert answered(view, RequestFactory().post("/")) is None


def test_a_stream_is_refused():
    with pytest.raises(TypeError, match="retries = False"):
        answered(lambda _request: StreamingHttpResponse(), RequestFactory().post("/"))
