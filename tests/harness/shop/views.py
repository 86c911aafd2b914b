"""Selling, over HTTP."""

from types import SimpleNamespace

from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse

from cluster.backend import NoPrimary, NotAcknowledged, transaction_id_for, write_once
from tests.harness.shop.models import Article, Order


def order(request: HttpRequest) -> HttpResponse:
    """Sell something once, however often the same key is sent."""
    customer = request.POST["customer"]

    def sell() -> int:
        article = Article.objects.select_for_update().get(name=request.POST["article"])
        Article.objects.filter(pk=article.pk).update(stock=F("stock") - 1)
        return Order.objects.create(article=article, customer=customer, quantity=1).pk

    key = transaction_id_for(SimpleNamespace(pk=customer), request.headers["Idempotency-Key"])
    try:
        done = write_once(sell, transaction_id=key)
    except NoPrimary as error:
        return HttpResponse(str(error), status=503, headers={"Retry-After": error.retry_after})
    except NotAcknowledged as error:
        return HttpResponse(str(error), status=503)
    answer = JsonResponse({"repeated": done.repeated}, status=200 if done.repeated else 201)
    answer["X-Transaction-Id"], answer["X-Served-By"] = done.transaction_id, done.node.value
    return answer
