"""Small parts of pages that fill in by themselves: which nodes have a write, and whether anybody takes writes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cluster.backend.records import receipt


@require_safe
@never_cache
def arrivals(request: HttpRequest, transaction_id: str) -> HttpResponse:
    """Show which nodes have a transaction; as a page, or as the part that a receipt loads."""
    part = request.headers.get("HX-Request") == "true"
    page = "titles/parts/arrivals.html" if part else "titles/receipt.html"
    return render(request, page, {"receipt": receipt(transaction_id)})


@require_safe
@never_cache
def standing(request: HttpRequest) -> HttpResponse:
    """Show the banner of the base page: empty while a node takes writes."""
    return render(request, "titles/parts/standing.html")
