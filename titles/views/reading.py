"""Pages that only read: the list, a title, its history, the statistics."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cluster.backend.records import Change, history
from titles.catalogue import fields
from titles.models import Title
from titles.reading import figures, plots, queries, trends
from titles.reading.keyset import BEST, ORDERS
from titles.reading.retries import retried
from titles.writing.forms import ListForm, ReviewsForm
from titles.writing.idempotence import new_key, senders
from titles.writing.receipts import opened

HISTORY_PAGE = 30
TREND = 100
"""Changes that the trend of a title's votes goes back."""
RATINGS = (5, 6, 7, 8, 9)
VOTES = (100, 1_000, 10_000, 100_000)


@require_safe
@retried
def titles(request: HttpRequest) -> HttpResponse:
    """Show the list, or only its rows for a search while it is being typed."""
    form = ListForm(request.GET)
    valid = form.is_valid()
    page = queries.page(form.wanted) if valid else queries.Page([], None)
    order = form.cleaned_data.get("order", BEST)
    context = {
        "form": form,
        "page": page,
        "order": order,
        "orders": ORDERS.values(),
        "ratings": RATINGS,
        "votes": VOTES,
        "here": _begun(_address(request, cursor=None, order=None)),
        "next": _address(request, cursor=page.cursor) if page.cursor else None,
        "filtered": any(request.GET.get(name) for name in ("search", "year", "until", "rating", "votes")),
    }
    part = request.headers.get("HX-Target") == "titles"
    response = render(request, "titles/parts/list.html" if part else "titles/list.html", context)
    response["Vary"] = "HX-Target"
    return response


@require_safe
@retried
def title(request: HttpRequest, tconst: str) -> HttpResponse:
    """Show one title; with the receipt of a write that has just been made."""
    found = _found(tconst)
    context = {
        "title": found,
        "tconst": tconst,
        "receipt": opened(request.GET.get("saved", "")),
        "reviews": ReviewsForm(),
        "idempotency_key": new_key(),
    }
    return render(request, "titles/title.html", context)


@require_safe
@retried
def trend(request: HttpRequest, tconst: str) -> HttpResponse:
    """Show how the votes of a title have grown, out of its newest changes: a part of its page, fetched after it."""
    changes = [one for one in reversed(history(Title, tconst, TREND)) if one.after]
    counted = [(one.at, fields.of_columns(one.after or {})["num_votes"]) for one in changes]
    drawn = trends.votes([(at, number) for at, number in counted if isinstance(number, int)])
    return render(request, "titles/parts/trend.html", {"trend": drawn})


@require_safe
@retried
def title_history(request: HttpRequest, tconst: str) -> HttpResponse:
    """Show what happened to a title, newest first; also to one that is no longer there."""
    below = _place(request.GET.get("below", ""))
    changes = history(Title, tconst, HISTORY_PAGE + 1, below)
    shown = changes[:HISTORY_PAGE]
    if not shown and below is None:
        raise Http404(f"Nothing is known of a title {tconst}.")
    users = senders(one.transaction_id for one in shown)
    context = {
        "tconst": tconst,
        "title": Title.objects.filter(pk=tconst).first(),
        "changes": [(one, differences(one), users.get(one.transaction_id)) for one in shown],
        "newest": shown[0] if shown and below is None else None,
        "older": f"{shown[-1].epoch}-{shown[-1].log_id}" if len(changes) > HISTORY_PAGE else None,
        "receipt": opened(request.GET.get("saved", "")),
        "idempotency_key": new_key(),
    }
    return render(request, "titles/history.html", context)


@require_safe
@retried
def statistics(request: HttpRequest) -> HttpResponse:
    """Show plots of all titles, each with its table, and the top rated titles of a year."""
    counted = figures.figures()
    years = counted.years
    span = range(min(years), max(years) + 1) if years else ()
    chosen = request.GET.get("year", "")
    year = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) == 4 else None
    context = {
        "figures": counted,
        "age": int((timezone.now() - counted.counted_at).total_seconds()),
        "years": plots.plot({one: years.get(one, 0) for one in span}, lambda year: year % 10 == 0),
        "ratings": plots.plot(counted.ratings, lambda rating: rating % 1 == 0),
        "year": year,
        "top": queries.top(year, 10),
    }
    return render(request, "titles/statistics.html", context)


def differences(change: Change) -> list[tuple[str, object, object]]:
    """Return the fields that a change has changed: what they are called, before and after."""
    before = fields.of_columns(change.before) if change.before else dict.fromkeys(fields.EDITABLE)
    after = fields.of_columns(change.after) if change.after else dict.fromkeys(fields.EDITABLE)
    return [(fields.label(name), before[name], after[name]) for name in fields.differing(before, after)]


def _found(tconst: str) -> Title:
    found = Title.objects.filter(pk=tconst).first()
    if found is None:
        raise Http404(f"There is no title {tconst}.")
    return found


def _place(text: str) -> tuple[int, int] | None:
    """Return an epoch and a log id out of an address."""
    epoch, _, log_id = text.partition("-")
    return (int(epoch), int(log_id)) if epoch.isdecimal() and log_id.isdecimal() else None


def _address(request: HttpRequest, **changed: str | None) -> str:
    """Return this page's parameters, some of them changed, None for left out."""
    parameters = {name: value for name, value in request.GET.items() if value} | changed
    kept = {name: value for name, value in parameters.items() if value is not None}
    return "?" + urlencode(kept)


def _begun(address: str) -> str:
    """Return an address to which another parameter can be added."""
    return address if address.endswith("?") else f"{address}&"
