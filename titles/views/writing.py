"""Pages that write: each shows its form, calls one verb, and answers with a receipt or with the form again."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_http_methods, require_POST

from cluster.backend import NoPrimary, NotAcknowledged, Written
from cluster.backend.records import Change, change, history
from titles.catalogue import fields
from titles.catalogue.errors import Conflict, NoSuchTitle, Outdated, TitleError
from titles.catalogue.fields import Image
from titles.models import Title
from titles.reading.retries import retried
from titles.writing import edits
from titles.writing.forms import EditForm, ReviewsForm, TitleForm, signed
from titles.writing.idempotence import form_key, transaction_id
from titles.writing.receipts import marked, opened, sealed

RETRY_SECONDS = 5
UNDONE = 10
"""Changes of a title among which a write is searched for that is to be undone."""


def allowed(permission: str) -> Callable[[Any], Any]:
    """Require a permission: without a session the sign-in page, without the permission 403."""

    def wrap(view: Any) -> Any:
        return login_required(permission_required(f"titles.{permission}", raise_exception=True)(view))

    return wrap


@allowed("add_title")
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Store a new title."""
    form = TitleForm(request.POST or None)
    page = "titles/form.html"
    if request.method != "POST" or not form.is_valid():
        return shown(request, page, {"form": form}, status=422 if form.is_bound else 200)
    tconst = form.cleaned_data["tconst"]
    write = transaction_id(request, fields.packed(form.image) + tconst)
    try:
        written = edits.create(tconst, form.image, transaction_id=write)
    except TitleError as error:
        form.add_error("tconst", str(error))
        return shown(request, page, {"form": form}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, {"form": form}, error)
    return saved(tconst, written)


@allowed("change_title")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, tconst: str) -> HttpResponse:
    """Change a title; where somebody else was first, both versions beside each other."""
    page = "titles/form.html"
    if request.method != "POST":
        title = found(tconst)
        form = EditForm(instance=title, initial={"before": signed(fields.image(title))})
        return shown(request, page, {"form": form, "tconst": tconst})
    form = EditForm(request.POST)
    context = {"form": form, "tconst": tconst}
    if not form.is_valid():
        return shown(request, page, context, status=422)
    before, after = form.cleaned_data["before"], form.image
    write = transaction_id(request, fields.packed(before) + fields.packed(after))
    try:
        written = edits.edit(tconst, before, after, transaction_id=write)
    except Conflict as error:
        return in_conflict(request, context, before, after, error)
    except NoSuchTitle as error:
        return shown(request, page, context | {"problem": str(error)}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, context, error)
    return saved(tconst, written)


def in_conflict(
    request: HttpRequest, context: dict[str, object], before: Image, after: Image, error: Conflict
) -> HttpResponse:
    """Show three columns: yours, theirs, before; and a form that begins from theirs.

    A field that only one of the two has changed is settled already; the others begin with yours.
    """
    merged = {
        name: error.now[name] if after[name] == before[name] else after[name] for name in fields.EDITABLE
    }
    rows = [
        (fields.label(name), after[name], error.now[name], before[name], name in error.names)
        for name in fields.EDITABLE
    ]
    form = EditForm(initial=merged | {"before": signed(error.now)})
    return shown(
        request, "titles/conflict.html", context | {"form": form, "rows": rows, "problem": error}, status=409
    )


@allowed("delete_title")
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, tconst: str) -> HttpResponse:
    """Show what would go, then remove the title that was shown."""
    page = "titles/delete.html"
    if request.method != "POST":
        title = found(tconst)
        version = fields.version(fields.image(title))
        return shown(request, page, {"title": title, "version": version, "tconst": tconst})
    seen = request.POST.get("version", "")
    context = {"title": None, "version": seen, "tconst": tconst}
    try:
        written = edits.delete(tconst, seen=seen, transaction_id=transaction_id(request, seen))
    except TitleError as error:
        return shown(request, page, context | {"problem": str(error)}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, context, error)
    return saved(tconst, written, "titles:history")


@allowed("change_title")
@require_POST
def add_reviews(request: HttpRequest, tconst: str) -> HttpResponse:
    """Add reviews to a title."""
    form, page = ReviewsForm(request.POST), "titles/title.html"
    context = {"title": SimpleLazyObject(partial(found, tconst)), "reviews": form}
    if not form.is_valid():
        return shown(request, page, context, status=422)
    count, rating = form.cleaned_data["count"], form.cleaned_data["rating"]
    write = transaction_id(request, f"{count} {rating}")
    try:
        written = edits.add_reviews(tconst, count, rating, transaction_id=write)
    except TitleError as error:
        return shown(request, page, context | {"problem": str(error)}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, context, error)
    return saved(tconst, written)


@allowed("revert_title")
@require_http_methods(["GET", "HEAD", "POST"])
def revert(request: HttpRequest, tconst: str, epoch: int, log_id: int) -> HttpResponse:
    """Give a title the fields that it had after one of its changes, or before it was deleted."""
    page = "titles/revert.html"
    entry, title = then_and_now(tconst, epoch, log_id)
    now, then = fields.image(title) if title else None, state_of(entry)
    context = {
        "tconst": tconst,
        "title": title,
        "entry": entry,
        "rows": [(fields.label(name), now[name] if now else None, then[name]) for name in fields.EDITABLE],
        "version": fields.version(now) if now else "",
    }
    if request.method != "POST":
        return shown(request, page, context)
    seen = request.POST.get("version") or None
    try:
        written = edits.restore(
            tconst, then, seen=seen, transaction_id=transaction_id(request, f"{epoch} {log_id} {seen}")
        )
    except Outdated as error:
        return shown(request, page, context | {"problem": str(error)}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, context, error)
    return saved(tconst, written)


@login_required
@require_POST
def undo(request: HttpRequest, tconst: str) -> HttpResponse:
    """Take back the write of a receipt, as long as nothing has changed the title since."""
    receipt = opened(request.POST.get("receipt", ""))
    made = receipt and written_by(tconst, receipt.transaction_id)
    if not made:
        raise Http404(f"The newest changes of {tconst} have no such write.")
    before = fields.of_columns(made.before) if made.before else None
    after = fields.of_columns(made.after) if made.after else None
    needed = "add_title" if after is None else "delete_title" if before is None else "change_title"
    if not request.user.has_perm(f"titles.{needed}"):
        raise PermissionDenied
    write = transaction_id(request, f"undo {made.transaction_id}")
    page, context = (
        "titles/title.html",
        {"title": SimpleLazyObject(partial(found, tconst)), "reviews": ReviewsForm()},
    )
    try:
        written = take_back(tconst, before, after, write)
    except TitleError as error:
        return shown(request, page, context | {"problem": str(error)}, status=409)
    except (NoPrimary, NotAcknowledged) as error:
        return not_saved(request, page, context, error)
    return saved(tconst, written, "titles:title" if before else "titles:history")


def take_back(tconst: str, before: Image | None, after: Image | None, write: str | None) -> Written[None]:
    """Give a title what it was before a write, None where it was not there. Raises TitleError where it has changed."""
    if after is None:
        return edits.create(tconst, before or {}, transaction_id=write)
    seen = fields.version(after)
    if before is None:
        return edits.delete(tconst, seen=seen, transaction_id=write)
    return edits.replace(tconst, before, seen=seen, transaction_id=write)


@retried
def written_by(tconst: str, transaction: str) -> Change | None:
    """Return what a transaction did to a title, None where it is not among the newest changes."""
    return next((one for one in history(Title, tconst, UNDONE) if one.transaction_id == transaction), None)


@retried
def then_and_now(tconst: str, epoch: int, log_id: int) -> tuple[Change, Title | None]:
    """Return a change of a title and the title as it is now. Raises Http404 where there was no such change."""
    entry = change(Title, tconst, epoch, log_id)
    if entry is None:
        raise Http404(f"The history of {tconst} has no change {epoch}-{log_id}.")
    return entry, Title.objects.filter(pk=tconst).first()


def state_of(entry: Change) -> Image:
    """Return the fields that an entry left behind; of a deletion those that it took away."""
    return fields.of_columns(entry.after or entry.before or {})


@retried
def found(tconst: str) -> Title:
    """Return the title. Raises Http404 where there is none."""
    title = Title.objects.filter(pk=tconst).first()
    if title is None:
        raise Http404(f"There is no title {tconst}.")
    return title


def shown(request: HttpRequest, page: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render a page with a form, which keeps its key for as long as it is not saved."""
    return render(request, page, context | {"idempotency_key": form_key(request)}, status=status)


def saved(tconst: str, written: Written[Any], page: str = "titles:title") -> HttpResponse:
    """Redirect to the title, with the receipt."""
    address = reverse(page, args=[tconst])
    return marked(HttpResponseRedirect(f"{address}?saved={sealed(written)}"), written)


def not_saved(
    request: HttpRequest, page: str, context: dict[str, Any], error: NoPrimary | NotAcknowledged
) -> HttpResponse:
    """Render the form as it was sent, and what to do: sent again, it is written once."""
    response = shown(request, page, context | {"unsaved": error}, status=503)
    response["Retry-After"] = str(getattr(error, "retry_after", RETRY_SECONDS))
    return response
